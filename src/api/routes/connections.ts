import { z } from "zod"
import type { LockoutDesk } from "../../accounts/lockouts.ts"
import type { OutboundStore } from "../../store/outbound-store.ts"
import { presentProtocols, type SessionDesk } from "../../store/presence.ts"
import { endedAnswer, liftedAnswer, lockoutsAnswer, sessionsAnswer, stoppedAnswer } from "../answers/operation.ts"
import { cursor, id, limit, shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { sessionText } from "../text/problem.ts"
import { scopeOfToken, tokenName } from "../token-scope.ts"

/** Who is connected, and who must wait, over HTTP. */
export interface ConnectionRoutesParts {
  readonly sessions: SessionDesk
  readonly lockouts: LockoutDesk
  readonly outbound: Pick<OutboundStore, "heldAccounts" | "clear">
}

export const connectionRoutes = ({ sessions, lockouts, outbound }: ConnectionRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/sessions", scope: "sessions:read", summary: "IMAP, submission and console sessions, the latest first; some seconds late.", output: sessionsAnswer,
    input: z.strictObject({ protocol: z.enum(presentProtocols).optional(), text: z.string().trim().min(1).max(200).describe("A part of the account's address, the person's name, or the client's address.").optional(), cursor, limit: limit(500, 100) }),
    async run({ protocol, text, cursor: offset, limit: most }, caller) {
      const { rows, total } = await sessions.list(scopeOfToken(caller, "sessions:read"), { ...(protocol !== undefined && { protocol }), ...(text !== undefined && { text }) }, { limit: most, offset })
      return answered({
        sessions: rows.map(({ since, protocol: over, process, id: session, account, principal, clientAddress, clientId, tls }) => ({ protocol: over, process, id: session, account, principal, clientAddress, clientId, tls, since: shownTime(since) })),
        total, next: rows.length > 0 && offset + rows.length < total ? offset + rows.length : null,
      })
    },
  }),
  route({
    method: "post", path: "/sessions/end", scope: "sessions:end", summary: "Ends one within seconds, telling the client.", input: z.strictObject({ protocol: z.enum(presentProtocols), process: z.string().max(64), id: z.string().max(64) }), output: endedAnswer,
    async run(session, caller, { clientAddress }) {
      const ended = await sessions.end(scopeOfToken(caller, "sessions:end"), session, { by: tokenName(caller), clientAddress })
      return ended === "ended" ? answered({ ended: session.id }) : refused(ended === "above" ? { kind: "forbidden", detail: sessionText.above } : { kind: "notFound" })
    },
  }),
  route({
    method: "get", path: "/lockouts", scope: "queue:read", summary: "Networks that must wait before their next guess, the latest first.", input: z.strictObject({ limit: limit(500, 100) }), output: lockoutsAnswer,
    run: async ({ limit: most }) => answered({ lockouts: (await lockouts.list(most)).map(({ id: number, kind, network, name, failures, since, until }) => ({ id: number, kind, network, name, failures, since: shownTime(since), until: shownTime(until) })) }),
  }),
  route({
    method: "delete", path: "/lockouts/:id", scope: "queue:write", summary: "Lets it in again, within two seconds.", input: z.strictObject({ id }), output: liftedAnswer,
    run: async ({ id: number }, caller) => ((await lockouts.lift(number, tokenName(caller))) ? answered({ lifted: number }) : refused({ kind: "notFound" })),
  }),
  route({
    method: "get", path: "/stopped-accounts", scope: "queue:read", summary: "Accounts whose mail to the outside waits for an administrator, the longest first.", input: z.strictObject({}), output: stoppedAnswer,
    run: async () => answered({ accounts: (await outbound.heldAccounts()).map(({ accountId, address, since, messages, reasonVi, reasonEn }) => ({ accountId, address, since: shownTime(since), messages, reasonVi, reasonEn })) }),
  }),
  route({
    method: "delete", path: "/stopped-accounts/:id", scope: "queue:write", summary: "Its mail goes again; what is held stays held.", input: z.strictObject({ id }), output: liftedAnswer,
    run: async ({ id: accountId }, caller) => ((await outbound.clear(accountId, tokenName(caller))) ? answered({ lifted: accountId }) : refused({ kind: "notFound" })),
  }),
]
