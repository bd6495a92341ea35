import { z } from "zod"
import { normalPassword } from "../../../accounts/credential.ts"
import { newPasswordProblem } from "../../../accounts/new-password.ts"
import { passwordProblemText, selfText } from "../../text/self.ts"
import { signInText } from "../../text/sign-in.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { newSessionToken, sessionHash } from "../../web/identify.ts"
import { type Answer, done, type HolderVisit, holderPage, type Page } from "../../web/page.ts"
import type { SelfPorts } from "./self.ts"

/** A new password for the mailbox that is signed in with. Other sessions end; app passwords stay unless their end is asked for. */
export const passwordPages = ({ authenticator, credentials, passwords, sessions }: SelfPorts): readonly Page[] => [
  holderPage({ method: "get", path: "/me/password", before: ["enrolment"], input: z.object({}), run: async (_input, visit) => page(visit, {}) }),
  holderPage({
    method: "post", path: "/me/password", before: ["enrolment"],
    input: z.object({ current: z.string().max(1_000), wanted: z.string().max(1_000), again: z.string().max(1_000), revokeApps: z.literal("1").optional() }),
    async run({ current, wanted, again, revokeApps }, visit) {
      const { say, holder, clientAddress } = visit
      const problem = newPasswordProblem(wanted, holder)
      if (problem) return page(visit, { wanted: say(passwordProblemText[problem]) })
      if (normalPassword(wanted) !== normalPassword(again)) return page(visit, { again: say(selfText.notSame) })
      if (normalPassword(wanted) === normalPassword(current)) return page(visit, { wanted: say(selfText.sameAsBefore) })
      const login = await authenticator.login({ username: holder.address, password: current, clientAddress, service: "console" })
      if (!login.ok) return page(visit, { current: say(login.failure.kind === "limit" ? selfText.tooMany : login.failure.kind === "unavailable" ? signInText.unavailable : selfText.wrongCurrent) })
      if ((login.value.via !== "password" && login.value.via !== "oneTime") || login.value.principalId !== holder.principalId) return page(visit, { current: say(selfText.wrongCurrent) })
      const changed = await credentials.setPassword(holder.accountId, await passwords.hash(wanted), { sessionId: holder.sessionId, appPasswords: revokeApps === undefined, replaces: login.value.credentialId })
      if (!changed) return page(visit, { current: say(selfText.wrongCurrent) })
      const token = newSessionToken()
      if (!(await sessions.prove(holder.sessionId, { sha256: sessionHash(token), secondFactor: holder.secondFactor }))) return { kind: "session", change: { kind: "end" }, to: "/console/sign-in" }
      return { kind: "session", change: { kind: "begin", token }, to: "/console/me", notice: done(say(selfText.changed)) }
    },
  }),
]

type Errors = Readonly<Partial<Record<"current" | "wanted" | "again", string>>>

const page = (visit: HolderVisit, errors: Errors): Answer => {
  const { say, holder } = visit
  return {
    kind: "page",
    title: say(selfText.password),
    status: Object.keys(errors).length > 0 ? 422 : 200,
    body: html`<p>${say(selfText.passwordFor, { address: holder.address })}</p>
      ${form(visit, {
        action: "/console/me/password",
        className: "narrow",
        body: html`<input type="hidden" name="username" value=${holder.address} autocomplete="username" />
          ${field({ name: "current", label: say(selfText.currentPassword), type: "password", autocomplete: "current-password", required: true, error: errors.current })}
          ${field({ name: "wanted", label: say(selfText.newPassword), type: "password", autocomplete: "new-password", required: true, help: say(selfText.newPasswordHelp), error: errors.wanted })}
          ${field({ name: "again", label: say(selfText.again), type: "password", autocomplete: "new-password", required: true, error: errors.again })}
          <label class="check"><input type="checkbox" name="revokeApps" value="1" /> ${say(selfText.revokeApps)}</label>
          <button>${say(selfText.change)}</button>`,
      })}`,
  }
}
