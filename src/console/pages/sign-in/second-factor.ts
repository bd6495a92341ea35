import { z } from "zod"
import { proofText } from "../../text/proof.ts"
import { html } from "../../web/html.ts"
import { newSessionToken, sessionHash } from "../../web/identify.ts"
import { safePath } from "../../web/origin.ts"
import { type Answer, type HolderVisit, holderPage, type Page } from "../../web/page.ts"
import { proofForms, proofProblem, proveBy } from "../../web/proof.ts"
import type { SignInPorts } from "./sign-in.ts"

/** After the password: what else the person has registered. */
const path = "/second-factor"
const text = z.string().max(20_000).optional()

export function secondFactorPages({ sessions, factors }: SignInPorts): readonly Page[] {
  async function page(visit: HolderVisit, next: string | undefined, error?: string): Promise<Answer> {
    const { say } = visit
    const { body } = await proofForms(factors, visit, { action: `/console${path}`, hidden: [["next", safePath(next)]], button: say(proofText.button) })
    return {
      kind: "page", title: say(proofText.title), status: error === undefined ? 200 : 422,
      body: html`<p>${say(proofText.intro)}</p>
        ${error !== undefined && html`<p class="notice problem" role="alert">${error}</p>`}
        ${body}
        <p class="muted">${say(proofText.lost)}</p>`,
    }
  }

  return [
    holderPage({
      method: "get", path, before: ["proof"], input: z.object({ next: text }),
      run: async ({ next }, visit) => (visit.holder.pending === "proof" ? page(visit, next) : { kind: "redirect", to: safePath(next) }),
    }),
    holderPage({
      method: "post", path, before: ["proof"], input: z.object({ next: text, _code: text, _passkey: text }),
      async run({ next, ...fields }, visit) {
        const { holder, say } = visit
        if (holder.pending !== "proof") return { kind: "redirect", to: safePath(next) }
        const proof = await proveBy(factors, visit, fields)
        if (!proof?.ok) return page(visit, next, say(proof ? proofProblem(proof.failure) : proofText.wrong))
        const token = newSessionToken()
        if (!(await sessions.prove(holder.sessionId, { sha256: sessionHash(token), secondFactor: "passed" }))) return { kind: "session", change: { kind: "end" }, to: "/console/sign-in" }
        return { kind: "session", change: { kind: "begin", token }, to: safePath(next) }
      },
    }),
  ]
}
