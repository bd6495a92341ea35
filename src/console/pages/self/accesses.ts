import { z } from "zod"
import { looksAfter } from "../../../accounts/directory-snapshot.ts"
import type { ListedEntry } from "../../../store/audit-store.ts"
import { accessText, serviceText } from "../../text/holder.ts"
import { choice, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { holderPage, type Page, type Visit } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { pager, table } from "../../web/table.ts"
import { heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/** Who else came into a mailbox: for whoever owns it, or looks after it. */
const pageSize = 50

export const accessPages = ({ directory, accesses, clock }: SelfPorts): readonly Page[] => [
  holderPage({
    method: "get", path: "/me/accesses", input: z.object({ account: z.coerce.number().int().positive().optional(), before: z.coerce.number().int().positive().optional() }),
    async run({ account: wanted, before }, visit) {
      const { say } = visit
      const accounts = heldAccounts(directory.current(), visit.holder, clock.now()).flatMap(({ account, rights }) => (looksAfter({ rights }) ? [account] : []))
      const account = wanted === undefined ? accounts[0] : accounts.find(({ id }) => id === wanted)
      if (!account) return wanted === undefined ? { kind: "page", title: say(accessText.title), body: html`<p class="empty">${say(accessText.nobody)}</p>` } : { kind: "error", status: 404 }
      const entries = await accesses(account.id, { limit: pageSize + 1, ...(before !== undefined && { before }) })
      const rows = entries.slice(0, pageSize)
      const oldest = entries.length > pageSize ? rows.at(-1) : undefined
      return {
        kind: "page",
        title: say(accessText.title),
        body: html`<p>${say(accessText.intro)}</p>
          ${accounts.length > 1 && form(visit, {
            action: "/console/me/accesses", method: "get", className: "row",
            body: html`${choice({ name: "account", label: say(accessText.account), value: String(account.id), options: accounts.map(({ id, address }) => ({ value: String(id), text: address })) })}<button class="secondary">${say(accessText.show)}</button>`,
          })}
          ${table(visit, {
            caption: say(accessText.caption, { address: account.address }),
            empty: say(accessText.nobody),
            rows,
            columns: [
              { key: "time", title: say(accessText.time), cell: ({ at }) => shownTime(visit, Date.parse(at)) },
              { key: "who", title: say(accessText.who), cell: ({ principal, principalId }) => principal ?? principalId ?? say(accessText.unknown) },
              { key: "what", title: say(accessText.what), cell: (entry) => whatOf(visit, entry) },
              { key: "from", title: say(accessText.from), cell: ({ clientAddress }) => clientAddress ?? "–" },
            ],
          })}
          ${pager(visit, { previous: before === undefined ? null : { before: undefined }, next: oldest ? { before: String(oldest.id) } : null })}`,
      }
    },
  }),
]

const detailSchema = z.object({ service: z.string().optional(), mailbox: z.string().optional(), change: z.string().optional(), times: z.number().optional() })

/** Entries of years ago may have been written by another version: what is not understood is named. */
function whatOf({ say }: Visit, { kind, detail }: ListedEntry): string {
  const read = detailSchema.safeParse(detail)
  const { service = "", mailbox = "", change, times } = read.success ? read.data : {}
  const by = isService(service) ? say(serviceText[service]) : service
  switch (kind) {
    case "signIn.succeeded":
      return say(accessText.signedIn, { service: by })
    case "signIn.repeated":
      return say(accessText.signedInAgain, { service: by, times: times ?? 0 })
    case "access.mailboxOpened":
      return say(accessText.opened, { mailbox })
    case "access.mailboxWritten":
      return say(accessText.written, { mailbox })
    case "access.mailboxChanged":
      if (change === "created" || change === "renamed" || change === "deleted") return say(accessText[change], { mailbox })
  }
  return say(accessText.other, { kind })
}

const isService = (name: string): name is keyof typeof serviceText => Object.hasOwn(serviceText, name)
