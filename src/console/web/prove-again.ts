import type { Request } from "express"
import type { SecondFactors } from "../../accounts/factors/second-factors.ts"
import type { Authenticator } from "../../accounts/login.ts"
import type { Clock } from "../../base/clock.ts"
import type { ConsoleSessionStore } from "../../store/console-session-store.ts"
import { proofText } from "../text/proof.ts"
import { signInText } from "../text/sign-in.ts"
import { cookieNames, setCookie } from "./cookies.ts"
import { csrfField, field, form, passwordField } from "./forms.ts"
import { html } from "./html.ts"
import { newSessionToken, sessionHash } from "./identify.ts"
import type { HolderVisit } from "./page.ts"
import { codeField, passkeyField } from "./proof-fields.ts"
import { proofForms, proofProblem, proveBy } from "./proof.ts"
import type { At, Replies } from "./replies.ts"
import type { Words } from "./words.ts"

/**
 * Changes that matter ask again who it is when that was last proven more than ten minutes ago: by the password, by a code, by a passkey. A form's content goes
 * with the question, so that nothing is typed twice; the session's token is a new one afterwards.
 */
export interface ProveParts {
  readonly sessions: Pick<ConsoleSessionStore, "prove">
  readonly authenticator: Authenticator
  readonly factors: SecondFactors
  /** What people call the identity provider, where there is one. */
  readonly singleSignOn: string | undefined
  readonly clock: Clock
}

export interface Asked {
  readonly at: At
  readonly request: Request
  readonly fields: Readonly<Record<string, unknown>>
  readonly replies: Replies
  /** However lately it was proven. */
  readonly always: boolean
}

const freshMs = 10 * 60_000
const own: readonly string[] = [csrfField, passwordField, codeField, passkeyField]
/** Where the question goes when it stands before a page rather than a change; sends back to `next`. */
export const provePath = "/prove"

/** True when the page may go on; when not, an answer has been sent. */
export async function proveAgain(parts: ProveParts, asked: Asked): Promise<boolean> {
  const { at: { holder, visit, response }, fields, replies, always } = asked
  if (!holder) return false
  if (!always && parts.clock.now() - holder.provenAt < freshMs) return true
  const here = { ...visit, holder }
  const problem = await given(parts, here, fields)
  if (problem !== undefined) return ask(parts, { ...asked, visit: here, error: problem === "nothing" ? undefined : visit.say(problem) })
  const token = newSessionToken()
  if (!(await parts.sessions.prove(holder.sessionId, { sha256: sessionHash(token), secondFactor: holder.secondFactor }))) {
    replies.toSignIn(asked.at, "expired")
    return false
  }
  setCookie(response, cookieNames.session, token)
  return true
}

/** Undefined: what was given is right. */
async function given({ authenticator, factors }: ProveParts, visit: HolderVisit, fields: Asked["fields"]): Promise<Words | "nothing" | undefined> {
  const { holder } = visit
  const proof = await proveBy(factors, visit, fields)
  if (proof) return proof.ok ? undefined : proofProblem(proof.failure)
  const password = fields[passwordField]
  if (typeof password !== "string") return "nothing"
  const login = await authenticator.login({ username: holder.address, password, clientAddress: visit.clientAddress, service: "console" })
  if (!login.ok) return login.failure.kind === "limit" ? signInText.limited : login.failure.kind === "unavailable" ? signInText.unavailable : signInText.wrongPassword
  return login.value.via === "password" && login.value.principalId === holder.principalId ? undefined : signInText.wrongPassword
}

async function ask({ factors, singleSignOn }: ProveParts, { at, request, fields, replies, visit, error }: Asked & { readonly visit: HolderVisit; readonly error: string | undefined }): Promise<false> {
  const posted = request.method === "POST"
  const action = posted ? visit.url : `/console${provePath}`
  const kept = posted ? Object.entries(fields).filter(([name]) => !own.includes(name)) : [["next", visit.url] as const]
  const hidden = kept.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)] as const))
  const proof = await proofForms(factors, visit, { action, hidden, button: visit.say(signInText.goOn) })
  replies.page(
    at,
    {
      title: visit.say(signInText.proveTitle),
      body: html`<p>${visit.say(proof.any ? signInText.proveAnyText : signInText.proveText)}</p>
        ${error !== undefined && html`<p class="notice problem" role="alert">${error}</p>`}
        ${proof.body}
        ${proof.any && html`<h2>${visit.say(proofText.provePassword)}</h2>`}
        ${form(visit, {
          action,
          className: "narrow",
          body: html`${hidden.map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}
            ${field({ name: passwordField, label: visit.say(signInText.password), type: "password", autocomplete: "current-password", required: true, autofocus: !proof.any })}
            <button>${visit.say(signInText.goOn)}</button>`,
        })}
        ${visit.holder.openedBy === "singleSignOn" && singleSignOn !== undefined && !posted && html`<p><a href=${`/console/sso?again=1&next=${encodeURIComponent(visit.url)}`}>${visit.say(proofText.againBySingleSignOn, { name: singleSignOn })}</a></p>`}`,
    },
    error === undefined ? 200 : 422,
  )
  return false
}
