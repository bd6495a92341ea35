import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { Lockout } from "../../../accounts/lockouts.ts"
import type { HeldAccount } from "../../../store/outbound-store.ts"
import { connectionText as text } from "../../text/connections.ts"
import { confirmed } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idField } from "../../web/inputs.ts"
import { done, type Page, problem, provincePage } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { type Column, table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import type { ConnectionPorts } from "./connections.ts"

/** Who must wait, and letting them in again. */
const path = "/console/bans"
const shownLockouts = 500

export const banPages = ({ lockouts, outbound }: ConnectionPorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/bans", who: "queue:read", input: z.object({}),
    async run(_input, visit) {
      const { say, holder, language } = visit
      const lifts = may(holder, "queue:write")
      const [locked, stopped] = await Promise.all([lockouts.list(shownLockouts), outbound.heldAccounts()])
      const lift: Column<Lockout> = { key: "lift", title: say(text.lift), cell: ({ id, network }) => confirmed(visit, { label: say(text.lift), question: say(text.liftQuestion, { network }), action: `${path}/lift`, hidden: { lockout: id } }) }
      const clear: Column<HeldAccount> = { key: "clear", title: say(text.clear), cell: ({ accountId, address }) => confirmed(visit, { label: say(text.clear), question: say(text.clearQuestion, { account: address }), action: `${path}/clear`, hidden: { account: accountId } }) }
      return {
        kind: "page",
        title: say(text.bansTitle),
        body: html`<p>${say(text.bansIntro)}</p>
          ${table(visit, {
            caption: say(text.lockouts), empty: say(text.noLockouts), rows: locked,
            columns: [
              { key: "network", title: say(text.network), cell: ({ network }) => html`<strong>${network}</strong>` },
              { key: "name", title: say(text.name), cell: ({ name }) => name || "–" },
              { key: "kind", title: say(text.kind), cell: ({ kind }) => say(text[kind]) },
              { key: "failures", title: say(text.failures), numeric: true, cell: ({ failures }) => failures },
              { key: "since", title: say(text.since), cell: ({ since }) => shownTime(visit, since) },
              { key: "until", title: say(text.until), cell: ({ until }) => shownTime(visit, until) },
              ...(lifts ? [lift] : []),
            ],
          })}
          ${table(visit, {
            caption: say(text.outbound), empty: say(text.noOutbound), rows: stopped,
            columns: [
              { key: "account", title: say(text.account), cell: ({ address }) => address },
              { key: "since", title: say(text.since), cell: ({ since }) => shownTime(visit, since) },
              { key: "reason", title: say(text.reason), cell: ({ reasonVi, reasonEn }) => (language === "vi" ? reasonVi : reasonEn) },
              { key: "waiting", title: say(text.waiting), numeric: true, cell: ({ messages }) => messages },
              ...(lifts ? [clear] : []),
            ],
          })}`,
      }
    },
  }),
  provincePage({
    method: "post", path: "/bans/lift", who: "queue:write", input: z.object({ lockout: idField }),
    async run({ lockout }, visit) {
      const lifted = await lockouts.lift(lockout, whoOf(visit))
      return { kind: "redirect", to: path, notice: lifted ? done(visit.say(text.lifted)) : problem(visit.say(text.over)) }
    },
  }),
  provincePage({
    method: "post", path: "/bans/clear", who: "queue:write", input: z.object({ account: idField }),
    async run({ account }, visit) {
      const cleared = await outbound.clear(account, whoOf(visit))
      return { kind: "redirect", to: path, notice: cleared ? done(visit.say(text.cleared)) : problem(visit.say(text.over)) }
    },
  }),
]
