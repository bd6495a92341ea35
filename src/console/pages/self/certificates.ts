import { z } from "zod"
import type { CertificateRecord } from "../../../store/certificate-registry.ts"
import { certificateStateText, certificatesText, certificateUseText } from "../../text/holder.ts"
import { html } from "../../web/html.ts"
import { type HolderVisit, holderPage, type Page } from "../../web/page.ts"
import { shownDate } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/** The certificates that somebody holds, and those that sign for mailboxes he looks after or signs for. */
const maxHolders = 50
const dayMs = 86_400_000

export function certificatePages({ directory, registry, clock }: SelfPorts): readonly Page[] {
  /** Whose certificates they are: one's own, and the holders of what is bound to one's mailboxes. */
  function holders(visit: HolderVisit): { readonly principals: readonly string[]; readonly addresses: ReadonlySet<string> } {
    const current = directory.current()
    const accounts = heldAccounts(current, visit.holder, clock.now()).filter(({ rights }) => rights.some((right) => right === "owner" || right === "administer" || right === "sign"))
    const ids = new Set(accounts.map(({ account }) => account.id))
    const bound = [...current.certificates()].filter(({ accountIds }) => accountIds?.some((id) => ids.has(id)))
    const own = visit.holder.principalId === null ? [] : [visit.holder.principalId]
    return { principals: [...new Set([...own, ...bound.map(({ holder }) => holder.id)])].slice(0, maxHolders), addresses: new Set(accounts.map(({ account }) => account.address)) }
  }

  async function mine(visit: HolderVisit): Promise<readonly CertificateRecord[]> {
    const { principals, addresses } = holders(visit)
    const lists = await Promise.all(principals.map((principalId) => registry.list({ principalId })))
    return lists.flat().filter(({ principalId, accounts }) => principalId === visit.holder.principalId || accounts.some((address) => addresses.has(address)))
  }

  return [
    holderPage({
      method: "get", path: "/me/certificates", input: z.object({}),
      async run(_input, visit) {
        const { say } = visit
        const now = clock.now()
        return {
          kind: "page",
          title: say(certificatesText.title),
          body: html`<p>${say(certificatesText.intro)}</p>
            ${table(visit, {
              caption: say(certificatesText.caption),
              empty: say(certificatesText.none),
              rows: await mine(visit),
              columns: [
                { key: "subject", title: say(certificatesText.subject), cell: ({ subject, fingerprint }) => html`<span>${subject}<br /><small title=${`${say(certificatesText.fingerprint)}: ${fingerprint}`}>${fingerprint.slice(0, 16)}…</small></span>` },
                { key: "holder", title: say(certificatesText.holder), cell: ({ holderName }) => holderName },
                { key: "use", title: say(certificatesText.use), cell: ({ use }) => say(certificateUseText[use]) },
                { key: "state", title: say(certificatesText.state), cell: ({ state }) => html`<span class=${state === "active" ? "good" : "bad"}>${say(certificateStateText[state])}</span>` },
                { key: "until", title: say(certificatesText.until), cell: ({ notAfter }) => html`<span>${shownDate(visit, notAfter)}<br /><small class=${notAfter - now < 30 * dayMs ? "bad" : "muted"}>${notAfter <= now ? say(certificatesText.ended) : say(certificatesText.daysLeft, { days: Math.floor((notAfter - now) / dayMs) })}</small></span>` },
                { key: "for", title: say(certificatesText.for), cell: ({ accounts }) => (accounts.length === 0 ? say(certificatesText.all) : accounts.join(", ")) },
              ],
            })}`,
        }
      },
    }),
  ]
}
