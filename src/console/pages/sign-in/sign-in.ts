import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { DirectorySource } from "../../../accounts/directory.ts"
import type { SecondFactors } from "../../../accounts/factors/second-factors.ts"
import type { Authenticator } from "../../../accounts/login.ts"
import type { Clock } from "../../../base/clock.ts"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import { signInText } from "../../text/sign-in.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { safePath } from "../../web/origin.ts"
import { type Answer, type Area, done, holderPage, publicPage, type Visit } from "../../web/page.ts"
import { passkeyForm } from "../../web/passkey-form.ts"
import { provePath } from "../../web/prove-again.ts"
import { isLanguage } from "../../web/words.ts"
import { openSession } from "./open-session.ts"
import { passkeySignInPages } from "./passkey-sign-in.ts"
import { secondFactorPages } from "./second-factor.ts"
import { awayAfter, singleSignOnPages, type SingleSignOnPorts } from "./single-sign-on.ts"

/** The ways in and out, the language, and the console's first page. */
export interface SignInPorts {
  readonly authenticator: Authenticator
  readonly sessions: Pick<ConsoleSessionStore, "open" | "end" | "prove" | "idToken">
  readonly factors: SecondFactors
  readonly directory: DirectorySource
  readonly clock: Clock
  /** Undefined where the province has no identity provider. */
  readonly singleSignOn: SingleSignOnPorts | undefined
}

const text = (max: number) => z.string().max(max).optional()

export function signInArea(ports: SignInPorts): Area {
  const { authenticator, sessions, singleSignOn } = ports
  const signInPage = (visit: Visit, shown: Shown): Promise<Answer> => signInForm(ports, visit, shown)
  return {
    group: "me",
    menu: [],
    pages: [
      ...secondFactorPages(ports),
      ...passkeySignInPages(ports, signInPage),
      ...(singleSignOn ? singleSignOnPages(ports, singleSignOn) : []),
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
          return openSession(sessions, visit, { owner: login.value, next, openedBy: "password", secondFactor: "none" })
        },
      }),
      holderPage({
        method: "post", path: "/sign-out", input: z.object({}), before: ["proof", "enrolment"],
        async run(_input, { holder, say }) {
          const away = singleSignOn && (await awayAfter(sessions, singleSignOn, holder))
          await sessions.end(holder.sessionId, { ...holder, why: "sign-out" })
          return { kind: "session", change: { kind: "end" }, ...(away === undefined ? { to: "/console/sign-in", notice: done(say(signInText.signedOut)) } : { to: away }) }
        },
      }),
      // asked before a page, not before a change
      holderPage({ method: "post", path: provePath, fresh: true, before: ["enrolment"], input: z.object({ next: text(2_000) }), run: async ({ next }) => ({ kind: "redirect", to: safePath(next) }) }),
      publicPage({
        method: "post", path: "/language", input: z.object({ language: z.string().refine(isLanguage), next: text(2_000) }),
        run: async ({ language, next }) => ({ kind: "session", change: { kind: "language", language }, to: safePath(next) }),
      }),
    ],
  }
}

export interface Shown {
  readonly next: string | undefined
  readonly address?: string
  readonly said?: string
  readonly error?: string
  readonly status?: 422 | 429
}

async function signInForm({ factors: { passkeys }, singleSignOn }: SignInPorts, visit: Visit, { next, address, said, error, status }: Shown): Promise<Answer> {
  const { say } = visit
  const to = safePath(next)
  return {
    kind: "page",
    title: say(signInText.title),
    ...(status && { status }),
    body: html`<p>${say(signInText.intro)}</p>
      ${said !== undefined && html`<p class="notice problem" role="status">${said}</p>`}
      ${error !== undefined && html`<p class="notice problem" role="alert">${error}</p>`}
      ${form(visit, {
        action: "/console/sign-in",
        className: "narrow",
        hidden: { next: to },
        body: html`${field({ name: "address", label: say(signInText.address), type: "email", autocomplete: "username", required: true, value: address, autofocus: true, maxlength: 320 })}
          ${field({ name: "password", label: say(signInText.password), type: "password", autocomplete: "current-password", required: true, help: say(signInText.passwordHelp) })}
          <button>${say(signInText.button)}</button>`,
      })}
      <h2>${say(signInText.or)}</h2>
      ${singleSignOn && html`<p><a role="button" class="secondary" href=${`${singleSignOn.origin}/console/sso?next=${encodeURIComponent(to)}`}>${say(signInText.singleSignOn, { name: singleSignOn.provider.name })}</a></p>`}
      ${passkeyForm(visit, {
        kind: "get", action: "/console/sign-in/passkey", options: await passkeys.signInOptions(), domain: passkeys.domain, button: say(signInText.passkey), secondary: true,
        help: say(signInText.passkeyHelp), body: html`<input type="hidden" name="next" value=${to} />`,
      })}
      <p><a href="/">${say(signInText.status)}</a> · <a href="/help">${say(signInText.setUp)}</a></p>`,
  }
}
