import { z } from "zod"
import type { Account } from "../../../accounts/directory.ts"
import { looksAfter } from "../../../accounts/directory-snapshot.ts"
import { type ForwardingProblem, forwardingProblem } from "../../../accounts/forwarding.ts"
import { canonicalAddress } from "../../../mail/address.ts"
import { forwardingProblemText, forwardingText } from "../../text/holder.ts"
import { confirmed, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type Answer, done, type HolderVisit, holderPage, type Page } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/** Mail that goes on by itself: one form for each mailbox that somebody decides on. */
const listPath = "/console/me/forwarding"
/** Each try sees a newer directory. */
const maxTries = 3

interface Refused {
  readonly accountId: number
  readonly target: string
  readonly problem: ForwardingProblem
}

export function forwardingPages({ directory, forwarding: { store, rules, changed }, clock }: SelfPorts): readonly Page[] {
  const decided = (visit: HolderVisit): readonly Account[] => heldAccounts(directory.current(), visit.holder, clock.now()).flatMap(({ account, rights }) => (looksAfter({ rights }) ? [account] : []))

  async function list(visit: HolderVisit, refused?: Refused): Promise<Answer> {
    const { say } = visit
    const accounts = decided(visit)
    const isOpen = rules.inside || rules.domains.length > 0
    const sections = await Promise.all(accounts.map((account) => section(visit, account, { isOpen, ...(refused?.accountId === account.id && { refused }) })))
    return {
      kind: "page",
      title: say(forwardingText.title),
      status: refused ? 422 : 200,
      body: html`<p>${say(forwardingText.intro)} ${!isOpen ? say(forwardingText.nowhere) : rules.domains.length === 0 ? say(forwardingText.insideOnly) : say(forwardingText.domains, { domains: rules.domains.join(", ") })}</p>
        ${accounts.length === 0 && html`<p class="empty">${say(forwardingText.noneToDecide)}</p>`} ${sections}`,
    }
  }

  async function section(visit: HolderVisit, account: Account, { isOpen, refused }: { readonly isOpen: boolean; readonly refused?: Refused }) {
    const { say } = visit
    const now = await store.get(account.id)
    const inForce = directory.current().forwarding(account.id, clock.now())
    const name = `target-${account.id}`
    return html`<section class="device"><h2>${account.address}</h2>
      ${now
        ? html`<p>${say(forwardingText.now, { target: now.target })} ${say(forwardingText.since)} ${shownTime(visit, now.setAt)}. ${say(now.keepCopy ? forwardingText.withCopy : forwardingText.withoutCopy)} ${!inForce && html`<strong class="bad">${say(forwardingText.notInForce)}</strong>`}</p>
            ${confirmed(visit, { label: say(forwardingText.end), question: say(forwardingText.endQuestion, { address: account.address, target: now.target }), action: `${listPath}/end`, hidden: { account: account.id } })}`
        : html`<p class="muted">${say(forwardingText.none)}</p>`}
      ${isOpen && form(visit, {
        action: listPath, className: "narrow", hidden: { account: account.id },
        body: html`${field({ name, label: say(forwardingText.to), type: "email", required: true, maxlength: 320, autocomplete: "off", value: refused?.target ?? now?.target, help: say(forwardingText.toHelp), error: refused && say(forwardingProblemText[refused.problem]) })}
          <label class="check"><input type="checkbox" name="keep" value="1" checked=${now?.keepCopy ?? true} /> ${say(forwardingText.keep)}</label>
          <button>${say(forwardingText.save)}</button>`,
      })}</section>`
  }

  return [
    holderPage({ method: "get", path: "/me/forwarding", fresh: true, input: z.object({}), run: (_input, visit) => list(visit) }),
    holderPage({
      method: "post", path: "/me/forwarding", fresh: true,
      input: z.looseObject({ account: z.coerce.number().int().positive(), keep: z.literal("1").optional() }),
      async run({ account: accountId, keep, ...rest }, visit) {
        const typed = rest[`target-${accountId}`]
        if (typeof typed !== "string") return { kind: "error", status: 400 }
        const target = typed.trim()
        for (let tries = 0; tries < maxTries; tries++) {
          const current = await directory.refresh()
          const account = decided(visit).find(({ id }) => id === accountId)
          if (!account) return { kind: "error", status: 404 }
          const problem = forwardingProblem({ directory: current, account, target, rules, now: clock.now() })
          if (problem) return list(visit, { accountId, target: target.slice(0, 320), problem })
          const isLocal = current.resolve(target).kind === "account"
          const set = await store.set({ accountId, target: isLocal ? canonicalAddress(target) : target, keepCopy: keep !== undefined, principalId: visit.holder.principalId }, current.version)
          if (!set.ok) continue
          await changed(set.value)
          return { kind: "redirect", to: listPath, notice: done(visit.say(forwardingText.saved, { address: account.address, target })) }
        }
        return { kind: "error", status: 503 }
      },
    }),
    holderPage({
      method: "post", path: "/me/forwarding/end", fresh: true, input: z.object({ account: z.coerce.number().int().positive() }),
      async run({ account: accountId }, visit) {
        const account = decided(visit).find(({ id }) => id === accountId)
        if (!account) return { kind: "error", status: 404 }
        const version = await store.end(accountId)
        if (version !== undefined) await changed(version)
        return { kind: "redirect", to: listPath, notice: done(visit.say(forwardingText.ended, { address: account.address })) }
      },
    }),
  ]
}
