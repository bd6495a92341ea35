import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { Certificate } from "../../../pki/certificate.ts"
import { parseCertificate } from "../../../pki/parse-certificate.ts"
import type { CertificateStatus, SignatureProblem } from "../../../pki/signature-facts.ts"
import { certificateProblemText, certificateText as text } from "../../text/certificates.ts"
import { facts } from "../../web/facts.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import { shownDate, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { dateText, timeText, type Words } from "../../web/words.ts"
import type { CertificatePorts } from "./certificates.ts"
import { changeForms } from "./change.ts"
import { fingerprintField } from "./fields.ts"
import { leftText } from "./list.ts"

/** One certificate: what it says, whom it speaks for, its path, and what its issuer says of it now. */
export const detailPages = ({ registry, statusOf, nameOf, clock }: CertificatePorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/certificates/:fingerprint", who: "certificates:read", input: z.object({ fingerprint: fingerprintField }),
    async run({ fingerprint }, visit) {
      const { say, scope, holder, language } = visit
      const found = await registry.find(scope, fingerprint)
      if (!found) return { kind: "error", status: 404 }
      const parsed = parseCertificate(found.der)
      const status = parsed.ok ? await statusOf(parsed.value) : undefined
      return {
        kind: "page",
        title: found.holderName,
        crumbs: [{ path: "/console/certificates", title: say(text.title) }],
        body: html`${facts([
            [say(text.state), html`<strong class=${found.state === "active" ? "good" : "bad"}>${say(text[found.state])}</strong> ${say(text.stateSince, { time: timeText(found.stateAt, language), by: nameOf(found.stateBy), reason: found.stateReason === "" ? "–" : found.stateReason })}`],
            [say(text.holder), `${found.holderName} (${found.principalId})`],
            [say(text.unitName), found.unitName ?? found.unitCode],
            [say(text.use), say(text[found.use])],
            [say(text.speaksFor), found.accounts.length === 0 ? say(text.allOfHolder) : found.accounts.join(", ")],
            [say(text.bound), found.from === null && found.until === null ? say(text.always) : say(text.period, { from: dayText(visit, found.from), until: dayText(visit, found.until) })],
            [say(text.subject), found.subject],
            [say(text.issuer), found.issuer],
            [say(text.serial), html`<code>${found.serialNumber}</code>`],
            [say(text.fingerprint), html`<code>${found.fingerprint}</code>`],
            [say(text.valid), html`${shownDate(visit, found.notBefore)} – ${shownDate(visit, found.notAfter)} (${leftText(visit, found.notAfter, clock.now())})`],
            [say(text.addresses), found.addresses.length === 0 ? say(text.none) : found.addresses.join(", ")],
            [say(text.registered), say(text.registeredText, { time: timeText(found.addedAt, language), source: found.source })],
          ])}
          ${statusView(visit, status)}
          ${may(holder, "certificates:write") && changeForms(visit, found)}`,
      }
    },
  }),
]

const dayText = ({ language }: Visit, day: string | null): string => (day === null ? "…" : dateText(Date.parse(`${day}T00:00:00+07:00`), language))

const names = { good: text.statusGood, revoked: text.statusRevoked, unknown: text.statusUnknown } as const

/** A code that there are no words for is shown as it is. */
function problemWords({ say }: Visit, problem: SignatureProblem): string {
  const words: Readonly<Partial<Record<SignatureProblem, Words>>> = certificateProblemText
  return words[problem] ? say(words[problem]) : problem
}

function statusView(visit: Visit, status: CertificateStatus | undefined) {
  const { say } = visit
  if (!status) return html`<h2>${say(text.chain)}</h2><p class="muted">${say(text.notAsked)}</p>`
  const chain = status.chain.flatMap((der): readonly Certificate[] => {
    const parsed = parseCertificate(Buffer.from(der, "base64"))
    return parsed.ok ? [parsed.value] : []
  })
  return html`<h2>${say(text.chain)}</h2>
    <p>${say(text.verdict)}: <strong class=${status.problems.length === 0 ? "good" : "bad"}>${status.problems.length === 0 ? say(text.good) : status.problems.map((problem) => problemWords(visit, problem)).join("; ")}</strong></p>
    ${chain.length === 0 ? html`<p class="muted">${say(text.noChain)}</p>` : html`<ol>${chain.map(({ subject, notAfter }) => html`<li>${subject.text} <small class="muted">${say(text.ends)} ${shownDate(visit, notAfter)}</small></li>`)}</ol>`}
    ${table(visit, {
      caption: say(text.revocation), empty: say(text.noRevocation), rows: status.revocation,
      columns: [
        { key: "certificate", title: say(text.short), cell: ({ fingerprint }) => html`<code>${fingerprint.slice(0, 16)}</code>` },
        { key: "answer", title: say(text.answer), cell: ({ status, revokedAt, reason }) => html`${say(names[status])} ${revokedAt !== null && shownTime(visit, revokedAt)} ${reason}` },
        { key: "source", title: say(text.source), cell: ({ source }) => source },
        { key: "produced", title: say(text.produced), cell: ({ producedAt }) => (producedAt === null ? "–" : shownTime(visit, producedAt)) },
        { key: "next", title: say(text.nextUpdate), cell: ({ nextUpdate }) => (nextUpdate === null ? "–" : shownTime(visit, nextUpdate)) },
      ],
    })}`
}
