import { z } from "zod"
import type { AdministratorRole } from "../../../accounts/administrator.ts"
import { type ClaimRule, whomClaimsName } from "../../../accounts/account-to-open.ts"
import type { FactorOwner } from "../../../accounts/factors/factor-store.ts"
import type { SignInAudit } from "../../../accounts/sign-in-audit.ts"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import { type IdentityProvider } from "../../single-sign-on/identity-provider.ts"
import { singleSignOnText } from "../../text/single-sign-on.ts"
import { html } from "../../web/html.ts"
import { type Answer, type Holder, type Page, publicPage, type Visit } from "../../web/page.ts"
import type { Words } from "../../web/words.ts"
import { openSession } from "./open-session.ts"
import type { SignInPorts } from "./sign-in.ts"

/** In by the province's identity provider, and out of it again. */
export interface SingleSignOnPorts {
  readonly provider: IdentityProvider
  /** Of the console, as the provider knows it. */
  readonly origin: string
  readonly rule: ClaimRule
  /** Who may come in this way; `holder`: who holds no role. */
  readonly roles: readonly (AdministratorRole | "holder")[]
  readonly rolesOf: (owner: FactorOwner) => Promise<readonly AdministratorRole[]>
  readonly sealer: { seal(plain: Uint8Array, place: string): Buffer; open(sealed: Uint8Array, place: string, maxPlainBytes: number): Buffer }
  readonly signIns: Pick<SignInAudit, "failed">
}

const text = z.string().max(4_000).optional()
const idTokenPlace = "id token"
const signedOutPlace = "signed out"
const maxIdTokenBytes = 64 * 1024

export function singleSignOnPages({ sessions, directory, clock }: SignInPorts, { provider, rule, roles, rolesOf, sealer, signIns }: SingleSignOnPorts): readonly Page[] {
  const problemPage = (visit: Visit, why: Words, { status, named = "" }: { readonly status: 403 | 422 | 503; readonly named?: string }): Answer => ({
    kind: "page",
    title: visit.say(singleSignOnText.title, { name: provider.name }),
    status,
    change: { kind: "away", sealed: undefined },
    body: html`<p class="notice problem" role="alert">${visit.say(why, { name: provider.name, named })}</p>
      <p><a role="button" href="/console/sign-in">${visit.say(singleSignOnText.back)}</a></p>`,
  })

  return [
    publicPage({
      method: "get", path: "/sso", input: z.object({ next: text, again: z.literal("1").optional() }),
      async run({ next, again }, visit) {
        const begun = await provider.begin({ next, language: visit.language, again: again !== undefined })
        if (!begun.ok) return problemPage(visit, singleSignOnText.unreachable, { status: 503 })
        return { kind: "session", change: { kind: "away", sealed: begun.value.away }, to: begun.value.url }
      },
    }),
    publicPage({
      // what the provider adds to its answer is the library's to judge
      method: "get", path: "/sso/callback", input: z.object({ state: text }),
      async run(_input, visit) {
        const arrived = await provider.finish(visit.url, visit.away)
        const refuse = (reason: string, named: string): void => signIns.failed({ username: named, clientAddress: visit.clientAddress, service: "console", reason: `singleSignOn ${reason}` })
        if (!arrived.ok) {
          if (arrived.failure !== "unreachable") refuse(arrived.failure, "")
          return problemPage(visit, singleSignOnText[arrived.failure], { status: arrived.failure === "unreachable" ? 503 : 422 })
        }
        const { claims, idToken, vouched, provenAt, next } = arrived.value
        const whom = whomClaimsName(directory.current(), claims, rule, clock.now())
        if ("problem" in whom) {
          refuse(whom.problem, whom.named)
          return problemPage(visit, singleSignOnText[whom.problem], { status: 403, named: whom.named })
        }
        const held = await rolesOf(whom.owner)
        if (!(held.length === 0 ? ["holder" as const] : held).every((role) => roles.includes(role))) {
          refuse("role", whom.named)
          return problemPage(visit, singleSignOnText.role, { status: 403, named: whom.named })
        }
        return openSession(sessions, visit, { owner: whom.owner, next, openedBy: "singleSignOn", secondFactor: vouched ? "passed" : "none", provenAt, idToken: sealer.seal(Buffer.from(idToken), idTokenPlace) })
      },
    }),
    publicPage({
      method: "get", path: "/sso/signed-out", input: z.object({ session: text }),
      async run({ session }, visit) {
        const url = await endUrl(session)
        if (url === undefined) return { kind: "redirect", to: "/console/sign-in" }
        return {
          kind: "page", title: visit.say(singleSignOnText.signedOutTitle),
          body: html`<p>${visit.say(singleSignOnText.signedOut, { name: provider.name })}</p>
            <p><a role="button" href=${url}>${visit.say(singleSignOnText.end, { name: provider.name })}</a> <a role="button" class="secondary" href="/console/sign-in">${visit.say(singleSignOnText.back)}</a></p>`,
        }
      },
    }),
  ]

  async function endUrl(session: string | undefined): Promise<string | undefined> {
    const id = Number(opened(Buffer.from(session ?? "", "base64url"), signedOutPlace, 20))
    const sealed = Number.isSafeInteger(id) && id > 0 ? await sessions.idToken(id) : null
    const idToken = sealed && opened(sealed, idTokenPlace, maxIdTokenBytes)
    return idToken ? provider.endUrl(idToken) : undefined
  }

  function opened(sealed: Uint8Array, place: string, maxBytes: number): string | undefined {
    try {
      return sealer.open(sealed, place, maxBytes).toString()
    } catch {
      return undefined
    }
  }
}

/** Whoever came in by the provider is asked whether he leaves it, too: it may let the next person at this computer in. */
export async function awayAfter(sessions: Pick<ConsoleSessionStore, "idToken">, { sealer }: Pick<SingleSignOnPorts, "sealer">, { sessionId, openedBy }: Holder): Promise<string | undefined> {
  if (openedBy !== "singleSignOn" || (await sessions.idToken(sessionId)) === null) return undefined
  return `/console/sso/signed-out?session=${sealer.seal(Buffer.from(String(sessionId)), signedOutPlace).toString("base64url")}`
}
