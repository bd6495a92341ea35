import type { FactorOwner } from "../../../accounts/factors/factor-store.ts"
import type { ConsoleSessionStore, NewSession } from "../../../store/console-session-store.ts"
import { newSessionToken, sessionHash } from "../../web/identify.ts"
import { safePath } from "../../web/origin.ts"
import type { Answer, Visit } from "../../web/page.ts"

/** However somebody has come in: the browser's former session ends, a new one begins, and the visitor is where he wanted to be. */
export interface Opening extends Pick<NewSession, "openedBy" | "secondFactor" | "provenAt" | "idToken"> {
  readonly owner: FactorOwner
  readonly next: unknown
}

const maxUserAgent = 300

export async function openSession(sessions: Pick<ConsoleSessionStore, "open" | "end">, visit: Visit, { owner: { accountId, principalId }, next, ...opening }: Opening): Promise<Answer> {
  if (visit.holder) await sessions.end(visit.holder.sessionId, { ...visit.holder, why: "signed in again" })
  const token = newSessionToken()
  await sessions.open({ ...opening, sha256: sessionHash(token), accountId, principalId, clientAddress: visit.clientAddress, userAgent: visit.userAgent.slice(0, maxUserAgent) })
  return { kind: "session", change: { kind: "begin", token }, to: safePath(next) }
}
