import { z } from "zod"
import type { SessionSummary } from "../../../store/console-session-store.ts"
import { selfText } from "../../text/self.ts"
import { confirmed } from "../../web/forms.ts"
import { done, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import type { SelfPorts } from "./self.ts"

/** Where one is signed in, with a way to end each but the one that asks. */
export const sessionTable = (visit: HolderVisit, open: readonly SessionSummary[]) => {
  const { say, holder } = visit
  return table(visit, {
    caption: say(selfText.sessionsCaption),
    empty: say(selfText.noSessions),
    rows: open,
    columns: [
      { key: "started", title: say(selfText.started), cell: ({ createdAt }) => shownTime(visit, createdAt) },
      { key: "seen", title: say(selfText.lastSeen), cell: ({ lastSeenAt }) => shownTime(visit, lastSeenAt) },
      { key: "from", title: say(selfText.from), cell: ({ clientAddress }) => clientAddress },
      { key: "browser", title: say(selfText.browser), cell: ({ userAgent }) => userAgent },
      { key: "end", title: say(selfText.end), cell: ({ id }) => (id === holder.sessionId ? say(selfText.thisOne) : confirmed(visit, { label: say(selfText.end), question: say(selfText.endQuestion), action: "/console/me/sessions/end", hidden: { id } })) },
    ],
  })
}

/** Where else one is signed in, and ending that. */
export const sessionPages = ({ sessions }: SelfPorts): readonly Page[] => [
  holderPage({
    method: "get", path: "/me/sessions", input: z.object({}),
    async run(_input, visit) {
      const { say, holder } = visit
      return {
        kind: "page",
        title: say(selfText.sessions),
        body: sessionTable(visit, await sessions.list(holder)),
      }
    },
  }),
  holderPage({
    method: "post", path: "/me/sessions/end", input: z.object({ id: z.coerce.number().int().positive() }),
    async run({ id }, { say, holder }) {
      const ended = await sessions.end(id, { ...holder, why: "ended by its holder" })
      return { kind: "redirect", to: "/console/me/sessions", notice: ended ? done(say(selfText.ended)) : problem(say(selfText.notThere)) }
    },
  }),
]
