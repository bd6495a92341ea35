import { z } from "zod"
import { type BindingProblem, bindingProblemText, checkBinding } from "../../../accounts/certificate-binding.ts"
import { covers } from "../../../accounts/administrator.ts"
import type { Directory } from "../../../accounts/directory.ts"
import { holderCertificate, maxCertificateFileBytes } from "../../../accounts/import/read-certificate-files.ts"
import { certificateUses } from "../../../accounts/import/rows.ts"
import type { FailureKind } from "../../../mail/failure.ts"
import type { Certificate } from "../../../pki/certificate.ts"
import { certificateFileText, certificateText as text } from "../../text/certificates.ts"
import { facts } from "../../web/facts.ts"
import { fileField } from "../../web/fields.ts"
import { choice, field, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, done, type Page, type Visit } from "../../web/page.ts"
import { uploadField } from "../../web/read-form.ts"
import { shownDate } from "../../web/shown.ts"
import { whoOf } from "../../web/who.ts"
import { sentences, technical } from "../../web/sentences.ts"
import type { Words } from "../../web/words.ts"
import type { CertificatePorts } from "./certificates.ts"
import { bindingInputs } from "./change.ts"
import { bindingFields } from "./fields.ts"

/** A file is read and shown; then the certificate in it is registered for a holder. */
const listPath = "/console/certificates"
/** Base64 of one certificate. */
const maxDerCharacters = 64 * 1024

const addFields = z.object({ der: z.string().max(maxDerCharacters), holder: z.string().trim().max(64), use: z.enum(certificateUses), ...bindingFields })
type Entered = Omit<z.output<typeof addFields>, "der">

export function addPages({ registry, directory, announce, clock }: CertificatePorts): readonly Page[] {
  const second = (visit: Visit, certificate: Certificate, entered: Entered, wrong?: { readonly binding?: BindingProblem; readonly holder?: string }): Answer => {
    const { say } = visit
    const isHolder = wrong?.binding?.kind === "noHolder" || wrong?.binding?.kind === "notForOrganization" || wrong?.binding?.kind === "notForPerson"
    return {
      kind: "page",
      title: say(text.readTitle),
      crumbs: [{ path: listPath, title: say(text.title) }],
      status: wrong ? 422 : 200,
      body: html`${facts([
          [say(text.subject), html`<strong>${certificate.subject.text}</strong>`],
          [say(text.issuer), certificate.issuer.text],
          [say(text.serial), html`<code>${certificate.serialNumber}</code>`],
          [say(text.fingerprint), html`<code>${certificate.fingerprint}</code>`],
          [say(text.valid), html`${shownDate(visit, certificate.notBefore)} – ${shownDate(visit, certificate.notAfter)}`],
          [say(text.addresses), certificate.addresses.length === 0 ? say(text.none) : certificate.addresses.join(", ")],
        ])}
        ${certificate.notAfter < clock.now() && html`<p class="notice problem">${say(text.endedNote)}</p>`}
        ${form(visit, {
          action: `${listPath}/add`, className: "narrow", hidden: { der: Buffer.from(certificate.der).toString("base64") },
          body: html`${field({ name: "holder", label: say(text.holderId), value: entered.holder, required: true, maxlength: 64, autocomplete: "off", error: wrong?.holder ?? (isHolder && wrong?.binding ? say(bindingProblemText[wrong.binding.kind], { what: wrong.binding.what }) : undefined) })}
            ${choice({ name: "use", label: say(text.use), value: entered.use, options: certificateUses.map((value) => ({ value, text: say(text[value]) })) })}
            ${bindingInputs(visit, { accounts: entered.accounts, from: entered.from ?? null, until: entered.until ?? null }, wrong?.binding)}
            <button>${say(text.add)}</button>`,
        })}`,
    }
  }

  return [
    administratorPage({ method: "get", path: "/certificates/new", who: "certificates:write", fresh: true, input: z.object({}), run: async (_input, visit) => first(visit) }),
    administratorPage({
      method: "post", path: "/certificates/read", who: "certificates:write", upload: { maxBytes: maxCertificateFileBytes }, input: z.object({ file: uploadField }),
      async run({ file }, visit) {
        if (!file) return first(visit, visit.say(text.noFile))
        const certificate = holderCertificate(file.bytes)
        if (typeof certificate === "string") return badFile(visit, certificate)
        return second(visit, certificate, guess(directory.current(), certificate, visit, clock.now()))
      },
    }),
    administratorPage({
      method: "post", path: "/certificates/add", who: "certificates:write", fresh: true, input: addFields,
      async run({ der, ...entered }, visit) {
        const { say, scope } = visit
        const certificate = holderCertificate(Buffer.from(der, "base64"))
        if (typeof certificate === "string") return first(visit, say(text.unreadable))
        const { holder, use, accounts, from = null, until = null } = entered
        const binding = checkBinding(directory.current(), { holder, use, accounts, from, until }, clock.now())
        if (!binding.ok) return second(visit, certificate, entered, { binding: binding.failure })
        const added = await registry.add(scope, { certificate, ...binding.value }, { by: whoOf(visit), source: "console" })
        if (!added.ok) return second(visit, certificate, entered, { holder: say(refusals[added.failure.kind] ?? text.outside) })
        announce(added.value)
        return { kind: "redirect", to: `${listPath}/${certificate.fingerprint}`, notice: done(say(text.added, { holder: directory.current().principal(holder)?.name ?? holder })) }
      },
    }),
  ]
}

const refusals: Readonly<Partial<Record<FailureKind, Words>>> = { alreadyExists: text.alreadyThere, noPermission: text.above }

const fileProblem = sentences(certificateFileText)

/** Where a file is not what it says is in its octets: for whoever made it. */
function badFile(visit: Visit, why: string): Answer {
  const { say, language } = visit
  const words = language === "en" ? why : fileProblem(why, language)
  return words === undefined ? first(visit, say(text.damagedFile), technical(visit, why)) : first(visit, say(text.badFile, { why: words }))
}

const first = (visit: Visit, error?: string, details?: Html): Answer => ({
  kind: "page",
  title: visit.say(text.new),
  crumbs: [{ path: listPath, title: visit.say(text.title) }],
  status: error === undefined ? 200 : 422,
  body: form(visit, {
    action: `${listPath}/read`, upload: true, className: "narrow",
    body: html`${fileField({ name: "file", label: visit.say(text.file), help: visit.say(text.fileHelp), accept: ".pem,.cer,.crt,.der,.p7b,.p7c,.p12,.pfx", error })}${details}<button>${visit.say(text.read)}</button>`,
  }),
})

/** Whose it seems to be, by the addresses in it: the owner of such an account, where the visitor may see him. */
function guess(directory: Directory, { addresses }: Certificate, { scope, holder: { organization } }: AdministratorVisit, now: number): Entered {
  for (const address of addresses) {
    const target = directory.resolve(address)
    const owner = target.kind === "account" ? directory.assignmentsOfAccount(target.account.id, now).find(({ rights }) => rights.includes("owner")) : undefined
    const principal = owner && directory.principal(owner.principalId)
    if (principal && covers(scope, principal.unitCode, organization)) return { holder: principal.id, use: principal.kind === "organization" ? "organizational" : "personal", accounts: [] }
  }
  return { holder: "", use: "personal", accounts: [] }
}
