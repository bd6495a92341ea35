import type { Request } from "express"
import type { Authenticator } from "../../accounts/login.ts"
import type { Clock } from "../../base/clock.ts"
import type { ConsoleSessionStore } from "../../store/console-session-store.ts"
import { signInText } from "../text/sign-in.ts"
import { cookieNames, setCookie } from "./cookies.ts"
import { csrfField, field, form, passwordField } from "./forms.ts"
import { html } from "./html.ts"
import { newSessionToken, sessionHash } from "./identify.ts"
import type { At, Replies } from "./replies.ts"

/**
 * Changes that matter ask for the password again when it was given more than ten minutes ago. A form's content goes with the question, so that nothing
 * is typed twice; the session's token is a new one afterwards.
 */
export interface ProveParts {
  readonly sessions: Pick<ConsoleSessionStore, "prove">
  readonly authenticator: Authenticator
  readonly clock: Clock
}

export interface Asked {
  readonly at: At
  readonly request: Request
  readonly fields: Readonly<Record<string, unknown>>
  readonly replies: Replies
}

const freshMs = 10 * 60_000
/** Where the question goes when it stands before a page rather than a change; sends back to `next`. */
export const provePath = "/prove"

/** True when the page may go on; when not, an answer has been sent. */
export async function proveAgain({ sessions, authenticator, clock }: ProveParts, asked: Asked): Promise<boolean> {
  const { at: { holder, visit, response }, fields, replies } = asked
  if (!holder) return false
  if (clock.now() - holder.provenAt < freshMs) return true
  const password = fields[passwordField]
  if (typeof password !== "string") return ask(asked)
  const login = await authenticator.login({ username: holder.address, password, clientAddress: visit.clientAddress, service: "console" })
  if (!login.ok) return ask(asked, visit.say(login.failure.kind === "limit" ? signInText.limited : login.failure.kind === "unavailable" ? signInText.unavailable : signInText.wrongPassword))
  if (login.value.via !== "password" || login.value.principalId !== holder.principalId) return ask(asked, visit.say(signInText.wrongPassword))
  const token = newSessionToken()
  if (!(await sessions.prove(holder.sessionId, { sha256: sessionHash(token), secondFactor: holder.secondFactor }))) {
    replies.toSignIn(asked.at, "expired")
    return false
  }
  setCookie(response, cookieNames.session, token)
  return true
}

function ask({ at, request, fields, replies }: Asked, error?: string): false {
  const { visit } = at
  const posted = request.method === "POST"
  const kept = posted ? Object.entries(fields).filter(([name]) => name !== csrfField && name !== passwordField) : [["next", visit.url] as const]
  replies.page(
    at,
    {
      title: visit.say(signInText.proveTitle),
      body: html`<p>${visit.say(signInText.proveText)}</p>
        ${form(visit, {
          action: posted ? visit.url : `/console${provePath}`,
          className: "narrow",
          body: html`${kept.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => html`<input type="hidden" name=${name} value=${String(one)} />`))}
            ${field({ name: passwordField, label: visit.say(signInText.password), type: "password", autocomplete: "current-password", required: true, autofocus: true, error })}
            <button>${visit.say(signInText.goOn)}</button>`,
        })}`,
    },
    error === undefined ? 200 : 422,
  )
  return false
}
