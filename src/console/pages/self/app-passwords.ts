import { z } from "zod"
import { appPasswordHash, type CredentialSummary, newAppPassword } from "../../../accounts/credential.ts"
import { selfText } from "../../text/self.ts"
import { choice, confirmed, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type Answer, done, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { type HeldAccount, heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/** One password for each mail client: made here, shown once, revoked here. One's own, and on one's own mailbox everybody's. */
const listPath = "/console/me/app-passwords"
const maxLabelCharacters = 100
/** Of one person on one mailbox. */
const maxAppPasswords = 25

interface Listed {
  readonly held: HeldAccount
  readonly credential: CredentialSummary
}

export function appPasswordPages({ directory, credentials, appPasswordKey, clock }: SelfPorts): readonly Page[] {
  const held = (visit: HolderVisit) => heldAccounts(directory.current(), visit.holder, clock.now())

  async function mine(visit: HolderVisit): Promise<readonly Listed[]> {
    const lists = await Promise.all(held(visit).map(async (one) => (await credentials.list(one.account.id)).map((credential) => ({ held: one, credential }))))
    return lists.flat().filter(({ held, credential }) => credential.kind === "appPassword" && (credential.principalId === visit.holder.principalId || held.rights.includes("owner")))
  }

  async function list(visit: HolderVisit, error?: string): Promise<Answer> {
    const { say, holder } = visit
    const accounts = held(visit)
    return {
      kind: "page",
      title: say(selfText.apps),
      status: error === undefined ? 200 : 422,
      body: html`<p>${say(selfText.appsIntro)}</p>
        ${table(visit, {
          caption: say(selfText.appsCaption),
          empty: say(selfText.noApps),
          rows: await mine(visit),
          columns: [
            { key: "label", title: say(selfText.device), cell: ({ credential }) => credential.label },
            { key: "account", title: say(selfText.mailbox), cell: ({ held }) => held.account.address },
            { key: "made", title: say(selfText.made), cell: ({ credential }) => shownTime(visit, credential.createdAt) },
            { key: "used", title: say(selfText.lastUse), cell: ({ credential }) => lastUse(visit, credential) },
            { key: "revoke", title: say(selfText.revoke), cell: ({ held, credential }) => revokeButton(visit, held, credential) },
          ],
        })}
        <h2>${say(selfText.newApp)}</h2>
        ${holder.principalId === null
          ? html`<p class="muted">${say(selfText.nobodys)}</p>`
          : form(visit, {
              action: `${listPath}/new`,
              className: "narrow",
              body: html`${choice({ name: "account", label: say(selfText.mailbox), options: accounts.map(({ account }) => ({ value: String(account.id), text: account.address })) })}
                ${field({ name: "label", label: say(selfText.device), required: true, maxlength: maxLabelCharacters, help: say(selfText.deviceHelp), error, autocomplete: "off" })}
                <button>${say(selfText.create)}</button>`,
            })}`,
    }
  }

  return [
    holderPage({ method: "get", path: "/me/app-passwords", input: z.object({}), run: (_input, visit) => list(visit) }),
    holderPage({
      method: "post", path: "/me/app-passwords/new", fresh: true, input: z.object({ account: z.coerce.number().int().positive(), label: z.string().max(1_000) }),
      async run({ account: accountId, label: typed }, visit) {
        const { say, holder } = visit
        const label = typed.trim()
        const account = held(visit).find(({ account }) => account.id === accountId)?.account
        if (!account || holder.principalId === null) return { kind: "error", status: 404 }
        if (label === "" || label.length > maxLabelCharacters) return list(visit, say(selfText.noLabel))
        const own = (await credentials.list(accountId)).filter(({ kind, principalId }) => kind === "appPassword" && principalId === holder.principalId)
        if (own.length >= maxAppPasswords) return list(visit, say(selfText.fullOfApps))
        const text = newAppPassword()
        const hash = appPasswordHash(text, appPasswordKey)
        if (hash === undefined) throw new Error("a new app password is none")
        await credentials.addAppPassword({ accountId, principalId: holder.principalId, label, hash })
        return {
          kind: "page",
          title: say(selfText.createdTitle),
          crumbs: [{ path: listPath, title: say(selfText.apps) }],
          body: html`<p>${say(selfText.createdText, { label, address: account.address })}</p>
            <p><code class="secret">${text}</code> <button type="button" class="secondary" data-copy=${text} data-copied=${say(selfText.copied)}>${say(selfText.copy)}</button></p>
            <p><a href="/help">${say(selfText.setUpLink)}</a></p>`,
        }
      },
    }),
    holderPage({
      method: "post", path: "/me/app-passwords/revoke", input: z.object({ account: z.coerce.number().int().positive(), id: z.coerce.number().int().positive() }),
      async run({ account, id }, visit) {
        const found = (await mine(visit)).some(({ held, credential }) => held.account.id === account && credential.id === id)
        const revoked = found && (await credentials.revoke(account, id))
        return { kind: "redirect", to: listPath, notice: revoked ? done(visit.say(selfText.revoked)) : problem(visit.say(selfText.notRevoked)) }
      },
    }),
  ]
}

const lastUse = (visit: HolderVisit, { lastUsedAt, lastUsedFrom }: CredentialSummary) =>
  lastUsedAt === null ? visit.say(selfText.never) : html`${shownTime(visit, lastUsedAt)} ${visit.say(selfText.fromAddress, { address: lastUsedFrom })}`

const revokeButton = (visit: HolderVisit, { account }: HeldAccount, { id, label }: CredentialSummary) =>
  confirmed(visit, { label: visit.say(selfText.revoke), question: visit.say(selfText.revokeQuestion, { label }), action: `${listPath}/revoke`, hidden: { account: account.id, id } })
