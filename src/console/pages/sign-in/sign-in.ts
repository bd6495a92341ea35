import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { Authenticator } from "../../../accounts/login.ts"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import { signInText } from "../../text/sign-in.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { newSessionToken, sessionHash } from "../../web/identify.ts"
import { safePath } from "../../web/origin.ts"
import { type Answer, type Area, done, holderPage, publicPage, type Visit } from "../../web/page.ts"
import { provePath } from "../../web/prove-again.ts"
import { isLanguage } from "../../web/words.ts"

/** The way in and out, the language, and the console's first page. */
export interface SignInPorts {
  readonly authenticator: Authenticator
  readonly sessions: Pick<ConsoleSessionStore, "open" | "end">
}

const text = (max: number) => z.string().max(max).optional()
const maxUserAgent = 300

export const signInArea = ({ authenticator, sessions }: SignInPorts): Area => ({
  name: signInText.area,
  menu: [],
  pages: [
    holderPage({
      method: "get", path: "/", input: z.object({}),
      run: async (_input, { holder }) => ({ kind: "redirect", to: may(holder, "overview:read") ? "/console/overview" : "/console/me" }),
    }),
    publicPage({
      method: "get", path: "/sign-in", input: z.object({ next: text(2_000), expired: text(10) }),
      run: async ({ next, expired }, visit) => signInPage(visit, { next, ...(expired !== undefined && { said: visit.say(signInText.expired) }) }),
    }),
    publicPage({
      method: "post", path: "/sign-in", input: z.object({ address: z.string().max(320), password: z.string().max(1_000), next: text(2_000) }),
      async run({ address, password, next }, visit) {
        const login = await authenticator.login({ username: address.trim(), password, clientAddress: visit.clientAddress, service: "console" })
        if (!login.ok) {
          const why = login.failure.kind === "limit" ? signInText.limited : login.failure.kind === "unavailable" ? signInText.unavailable : signInText.refused
          return signInPage(visit, { next, address, error: visit.say(why), status: login.failure.kind === "limit" ? 429 : 422 })
        }
        // what opens one mailbox in one mail client does not open all that a person may do
        if (login.value.via !== "password" && login.value.via !== "oneTime") return signInPage(visit, { next, address, error: visit.say(signInText.refused), status: 422 })
        // the browser's former session is nobody's now
        if (visit.holder) await sessions.end(visit.holder.sessionId, { ...visit.holder, why: "signed in again" })
        const token = newSessionToken()
        const { accountId, principalId } = login.value
        await sessions.open({ sha256: sessionHash(token), accountId, principalId, clientAddress: visit.clientAddress, userAgent: visit.userAgent.slice(0, maxUserAgent), secondFactor: "none" })
        return { kind: "session", change: { kind: "begin", token }, to: safePath(next) }
      },
    }),
    holderPage({
      method: "post", path: "/sign-out", input: z.object({}), beforeSecondFactor: true,
      async run(_input, { holder, say }) {
        await sessions.end(holder.sessionId, { ...holder, why: "sign-out" })
        return { kind: "session", change: { kind: "end" }, to: "/console/sign-in", notice: done(say(signInText.signedOut)) }
      },
    }),
    // the password was asked for before a page, not before a change
    holderPage({ method: "post", path: provePath, fresh: true, input: z.object({ next: text(2_000) }), run: async ({ next }) => ({ kind: "redirect", to: safePath(next) }) }),
    publicPage({
      method: "post", path: "/language", input: z.object({ language: z.string().refine(isLanguage), next: text(2_000) }),
      run: async ({ language, next }) => ({ kind: "session", change: { kind: "language", language }, to: safePath(next) }),
    }),
  ],
})

interface Shown {
  readonly next: string | undefined
  readonly address?: string
  readonly said?: string
  readonly error?: string
  readonly status?: 422 | 429
}

const signInPage = (visit: Visit, { next, address, said, error, status }: Shown): Answer => ({
  kind: "page",
  title: visit.say(signInText.title),
  ...(status && { status }),
  body: html`<p>${visit.say(signInText.intro)}</p>
    ${said !== undefined && html`<p class="notice problem" role="status">${said}</p>`}
    ${error !== undefined && html`<p class="notice problem" role="alert">${error}</p>`}
    ${form(visit, {
      action: "/console/sign-in",
      className: "narrow",
      hidden: { next: safePath(next) },
      body: html`${field({ name: "address", label: visit.say(signInText.address), type: "email", autocomplete: "username", required: true, value: address, autofocus: true, maxlength: 320 })}
        ${field({ name: "password", label: visit.say(signInText.password), type: "password", autocomplete: "current-password", required: true, help: visit.say(signInText.passwordHelp) })}
        <button>${visit.say(signInText.button)}</button>`,
    })}
    <p><a href="/">${visit.say(signInText.status)}</a> · <a href="/help">${visit.say(signInText.setUp)}</a></p>`,
})
