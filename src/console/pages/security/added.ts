import { securityText } from "../../text/security.ts"
import { html } from "../../web/html.ts"
import { newSessionToken, sessionHash } from "../../web/identify.ts"
import { type Answer, done, type HolderVisit, type SessionChange } from "../../web/page.ts"
import { securityPath } from "./factors.ts"
import type { SecurityPorts } from "./security.ts"

/** A factor has been added: the session is worth more now, so its token is a new one; with the first factor come the recovery codes. */
export async function afterAdding({ factors: { store, codes }, sessions }: Pick<SecurityPorts, "factors" | "sessions">, visit: HolderVisit): Promise<Answer> {
  const { holder, say } = visit
  const token = newSessionToken()
  if (!(await sessions.prove(holder.sessionId, { sha256: sessionHash(token), secondFactor: "passed" }))) return { kind: "session", change: { kind: "end" }, to: "/console/sign-in" }
  const change = { kind: "begin", token } as const
  const { recoveryCodesLeft } = await store.list(holder)
  if (recoveryCodesLeft > 0) return { kind: "session", change, to: securityPath, notice: done(say(securityText.addedNotice)) }
  return codesPage(visit, await codes.newRecoveryCodes(holder), change)
}

/** Shown this once. */
export function codesPage({ say, holder }: HolderVisit, codes: readonly string[], change?: SessionChange): Answer {
  const text = codes.join("\n")
  return {
    kind: "page",
    title: say(securityText.codesTitle),
    ...(change && { change }),
    ...(holder.pending === null && { crumbs: [{ path: securityPath, title: say(securityText.title) }] }),
    body: html`<p>${say(securityText.codesText)}</p>
      <ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>
      <p><button type="button" class="secondary" data-copy=${text} data-copied=${say(securityText.copied)}>${say(securityText.copy)}</button></p>
      <p><a role="button" href="/console">${say(securityText.kept)}</a></p>`,
  }
}
