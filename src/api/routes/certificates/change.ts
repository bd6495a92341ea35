import { z } from "zod"
import { type BindingProblem, bindingProblemText, checkBinding } from "../../../accounts/certificate-binding.ts"
import type { CertificateState } from "../../../accounts/directory.ts"
import { holderCertificate, maxCertificateFileBytes } from "../../../accounts/import/read-certificate-files.ts"
import { certificateUses } from "../../../accounts/import/rows.ts"
import { filled } from "../../../accounts/provision/problems.ts"
import type { Result } from "../../../base/result.ts"
import type { Failure } from "../../../mail/failure.ts"
import { certificateAnswer, readCertificateAnswer } from "../../answers/certificates.ts"
import { base64, shownTime, why } from "../../fields.ts"
import type { Problem } from "../../problem.ts"
import { type Answer, answered, created, refused, type Route, route } from "../../route.ts"
import { scopeOfToken, tokenName } from "../../token-scope.ts"
import { certificateText } from "../../text/problem.ts"
import { type CertificateRoutesParts, fingerprint, shownCertificate } from "./certificates.ts"

/** Certificates registered, bound, taken out of use, taken into use again, revoked for good. */
const maxAccounts = 200
const day = z.string().max(20).nullable().default(null).describe("Such as 2026-01-31; null: without end.")
const binding = { accounts: z.array(z.string().max(320)).max(maxAccounts).default([]).describe("Addresses of accounts or aliases; none: every account for which its holder may sign."), from: day, until: day }

const verbs = { suspend: "suspended", reinstate: "active", revoke: "revoked" } as const satisfies Readonly<Record<string, CertificateState>>
const summaries = { suspend: "It counts no more, until it is reinstated.", reinstate: "It counts again.", revoke: "Withdrawn from the registry for good." } as const satisfies Record<keyof typeof verbs, string>

export function certificateChangeRoutes({ registry, directory, announce, clock }: CertificateRoutesParts): readonly Route[] {
  const change = (caller: { readonly name: string }) => ({ by: tokenName(caller), source: "api" })
  /** The certificate after a change that was made. */
  async function shown(print: string, caller: Parameters<typeof scopeOfToken>[0], made: Result<number, Failure>): Promise<Answer> {
    if (!made.ok) return refused(problemOf(made.failure))
    announce(made.value)
    const found = await registry.find(scopeOfToken(caller, "certificates:read"), print)
    return found ? answered(shownCertificate(found)) : refused({ kind: "notFound" })
  }
  return [
    route({
      method: "post", path: "/certificates/read", scope: "certificates:write", summary: "What the certificate in a file says. Nothing is registered.", input: z.strictObject({ file: base64(maxCertificateFileBytes) }), output: readCertificateAnswer, maxBodyBytes: Math.ceil(maxCertificateFileBytes * 1.4),
      async run({ file }) {
        const certificate = holderCertificate(file)
        if (typeof certificate === "string") return refused({ kind: "invalid", errors: [{ pointer: "file", detail: certificate }] })
        const { fingerprint: print, subject, issuer, serialNumber, notBefore, notAfter, addresses } = certificate
        return answered({ fingerprint: print, subject: subject.text, issuer: issuer.text, serialNumber, notBefore: shownTime(notBefore), notAfter: shownTime(notAfter), addresses })
      },
    }),
    route({
      method: "post", path: "/certificates", scope: "certificates:write", summary: "Registers the certificate in a file (PEM, DER, PKCS#7, or PKCS#12 without a key) for its holder.",
      input: z.strictObject({ file: base64(maxCertificateFileBytes), principalId: z.string().max(64), use: z.enum(certificateUses), ...binding }), output: certificateAnswer, success: 201, maxBodyBytes: Math.ceil(maxCertificateFileBytes * 1.4),
      async run({ file, principalId, use, accounts, from, until }, caller) {
        const certificate = holderCertificate(file)
        if (typeof certificate === "string") return refused({ kind: "invalid", errors: [{ pointer: "file", detail: certificate }] })
        const checked = checkBinding(directory.current(), { holder: principalId, use, accounts, from, until }, clock.now())
        if (!checked.ok) return refused(bindingProblem(checked.failure))
        const added = await registry.add(scopeOfToken(caller, "certificates:write"), { certificate, ...checked.value }, change(caller))
        const answer = await shown(certificate.fingerprint, caller, added)
        return answer.kind === "ok" ? created(answer.body, { location: `/api/v1/certificates/${certificate.fingerprint}` }) : answer
      },
    }),
    route({
      method: "put", path: "/certificates/:fingerprint/binding", scope: "certificates:write", summary: "For whom it speaks, and when.", input: z.strictObject({ fingerprint, ...binding }), output: certificateAnswer, maxBodyBytes: 128 * 1024,
      async run({ fingerprint: print, accounts, from, until }, caller) {
        const scope = scopeOfToken(caller, "certificates:write")
        const found = await registry.find(scope, print)
        if (!found) return refused({ kind: "notFound" })
        const checked = checkBinding(directory.current(), { holder: found.principalId, use: found.use, accounts, from, until }, clock.now())
        return checked.ok ? shown(print, caller, await registry.bind(scope, print, checked.value, change(caller))) : refused(bindingProblem(checked.failure))
      },
    }),
    ...(Object.keys(verbs) as (keyof typeof verbs)[]).map((verb) =>
      route({
        method: "post", path: `/certificates/:fingerprint/${verb}`, scope: "certificates:write", summary: summaries[verb], input: z.strictObject({ fingerprint, why: verb === "reinstate" ? why.default("") : why.min(1) }), output: certificateAnswer,
        run: async ({ fingerprint: print, why: reason }, caller) => shown(print, caller, await registry.setState(scopeOfToken(caller, "certificates:write"), print, verbs[verb], { ...change(caller), reason })),
      }),
    ),
  ]
}

const problemOf = ({ kind }: Failure): Problem => (kind === "notFound" ? { kind: "notFound" } : { kind: "conflict", detail: kind === "policy" ? certificateText.revoked : certificateText.alreadySo })

const members = { noHolder: "principalId", notForOrganization: "use", notForPerson: "use", notDate: "from", backwards: "until", noAccount: "accounts", maySign: "accounts" } as const satisfies Record<BindingProblem["kind"], string>

function bindingProblem({ kind, what }: BindingProblem): Problem {
  const { [kind]: text } = bindingProblemText
  const detail = { vi: filled(text.vi, { what }), en: filled(text.en, { what }) }
  return { kind: "invalid", detail, errors: [{ pointer: members[kind], detail }] }
}
