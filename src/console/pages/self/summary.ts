import { z } from "zod"
import { rightText } from "../../../accounts/right-words.ts"
import { accountKindText, selfText } from "../../text/self.ts"
import { html } from "../../web/html.ts"
import { holderPage, type Page } from "../../web/page.ts"
import { shownBytes, shownDate } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/** A person's mailboxes: which, with what rights, how full. */
export const summaryPages = ({ directory, usage, clock }: SelfPorts): readonly Page[] => [
  holderPage({
    method: "get", path: "/me", input: z.object({}),
    async run(_input, visit) {
      const { say, holder } = visit
      const held = heldAccounts(directory.current(), holder, clock.now())
      const used = await usage(held.map(({ account }) => account.id))
      return {
        kind: "page",
        title: say(selfText.me),
        body: html`<p>${say(selfText.signedInAs, { address: holder.address })}</p>
          ${table(visit, {
            caption: say(selfText.accountsCaption),
            empty: say(selfText.noAccounts),
            rows: held,
            columns: [
              { key: "address", title: say(selfText.address), cell: ({ account }) => account.address },
              { key: "name", title: say(selfText.name), cell: ({ account }) => account.displayName },
              { key: "kind", title: say(selfText.kind), cell: ({ account }) => say(accountKindText[account.kind]) },
              { key: "rights", title: say(selfText.rights), cell: ({ rights }) => (rights.includes("owner") ? say(rightText.owner) : rights.map((right) => say(rightText[right])).join(", ")) },
              { key: "until", title: say(selfText.period), cell: ({ until }) => (until === null ? say(selfText.noEnd) : shownDate(visit, Date.parse(`${until}T00:00:00+07:00`))) },
              { key: "used", title: say(selfText.used), cell: ({ account }) => usedOf(used.get(account.id) ?? 0, account.quotaBytes) },
            ],
          })}
          <h2>${say(selfText.setUpTitle)}</h2>
          <p>${say(selfText.setUpText)} <a href="/help">${say(selfText.setUpLink)}</a></p>`,
      }

      function usedOf(bytes: number, quota: number) {
        const words = say(selfText.usedOf, { used: shownBytes(visit, bytes), quota: shownBytes(visit, quota) })
        return html`<span class="used"><meter min="0" max=${quota} high=${quota * 0.9} value=${Math.min(bytes, quota)} aria-label=${words}></meter> ${words}</span>`
      }
    },
  }),
]
