import { z } from "zod"
import { type Scope, scopeOf } from "../../../accounts/administrator.ts"
import type { Account, Right } from "../../../accounts/directory.ts"
import { looksAfter } from "../../../accounts/directory-snapshot.ts"
import { agencyOf } from "../../../accounts/organization.ts"
import { readFields } from "../../../accounts/provision/read-fields.ts"
import { rightText } from "../../../accounts/right-words.ts"
import type { AccountDetails } from "../../../store/directory-view.ts"
import { delegatesText } from "../../text/delegates.ts"
import { directoryText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { confirmed, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type Answer, done, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { table } from "../../web/table.ts"
import { assignmentFields } from "../directory/account-parts.ts"
import { nothingWrong, suggested, type Typed, typedInput, typedOf, type Wrong, wrongNotice, wrongOf } from "../directory/form-kit.ts"
import { periodText } from "../directory/links.ts"
import { heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/**
 * Delegates of an office's mailbox, for whoever owns or administers it. Rights to read, file and send are theirs to give, within the agency; who owns it, who
 * signs for it, and by whom it is administered beside the owner's word, stays the administrators' business.
 */
const listPath = "/console/me/delegates"
const suggestions = 20

interface Office {
  readonly account: Account
  /** What this person may give and take. */
  readonly gives: readonly Right[]
  /** The agency's units: the directory's editor refuses whatever leads out of them. */
  readonly scope: Scope
}

interface Refused {
  readonly accountId: number
  readonly typed: Typed
  readonly wrong: Wrong
  readonly status: 409 | 422
}

export function delegatePages({ directory, delegation: { view, editor, changed }, clock }: SelfPorts): readonly Page[] {
  function offices(visit: HolderVisit): readonly Office[] {
    const current = directory.current()
    return heldAccounts(current, visit.holder, clock.now()).flatMap(({ account, rights }) => {
      const agency = agencyOf(current.organization.unitPath(account.unitCode))
      const scope = agency === null ? undefined : scopeOf([{ role: "unit", unitCode: agency }], "directory:write")
      if (account.kind !== "organizational" || !looksAfter({ rights }) || !scope) return []
      return [{ account, scope, gives: rights.includes("owner") ? ["read", "write", "send-as", "administer"] : ["read", "write", "send-as"] }]
    })
  }
  const officeOf = (visit: HolderVisit, accountId: number): Office | undefined => offices(visit).find(({ account }) => account.id === accountId)
  const isGiven = ({ gives }: Office, { rights }: { readonly rights: readonly Right[] }): boolean => rights.every((right) => gives.includes(right))

  async function list(visit: HolderVisit, refused?: Refused): Promise<Answer> {
    const { say } = visit
    const all = offices(visit)
    const sections = await Promise.all(all.map((office) => section(visit, office, refused?.accountId === office.account.id ? refused : undefined)))
    return {
      kind: "page",
      title: say(delegatesText.title),
      status: refused?.status ?? 200,
      body: html`<p>${say(delegatesText.intro)}</p>${refused && wrongNotice(visit, refused.wrong, listPath)}${all.length === 0 && html`<p class="empty">${say(delegatesText.none)}</p>`}${sections}`,
    }
  }

  async function section(visit: HolderVisit, office: Office, refused?: Refused) {
    const { say } = visit
    const { account: { id, address } } = office
    const found = await view.account(office.scope, address)
    if (!found.ok) return null
    const { holders } = found.value
    const typed: Typed = refused?.typed ?? (() => undefined)
    const wrong = refused?.wrong ?? nothingWrong
    const chosen = typed("rights")?.split(/\s+/) ?? []
    return html`<section class="device"><h2>${address}</h2>
      ${table(visit, {
        caption: say(delegatesText.caption, { address }), empty: say(delegatesText.nobody), rows: holders,
        columns: [
          { key: "name", title: say(delegatesText.name), cell: ({ name, title }) => html`<span>${name} <small class="muted">${title}</small></span>` },
          { key: "rights", title: say(directoryText.rights), cell: ({ rights }) => rights.map((right) => say(rightText[right])).join(", ") },
          { key: "until", title: say(directoryText.until), cell: ({ until }) => periodText(visit, until) },
          { key: "end", title: say(formsText.end), cell: (one) => endButton(visit, office, one) },
        ],
      })}
      <details class="part" open=${refused !== undefined}><summary>${say(delegatesText.add)}</summary>
        ${form(visit, {
          action: listPath, className: "narrow", hidden: { account: id, ...Object.fromEntries(holders.map(({ principalId, seen }) => [`seen-${principalId}`, seen])) },
          body: html`${suggested({ name: `person-${id}`, label: say(formsText.person), kind: "person", source: `${listPath}/suggest/${id}`, value: typed(`person-${id}`), required: true, help: say(formsText.personHelp), error: wrong.fields["principalId"] })}
            <fieldset><legend>${say(formsText.rights)}</legend>${office.gives.map((right) => html`<label class="check"><input type="checkbox" name="rights" value=${right} checked=${chosen.includes(right)} /> ${say(rightText[right])}</label>`)}
              ${wrong.fields["rights"] !== undefined && html`<small class="error">${wrong.fields["rights"]}</small>`}</fieldset>
            ${field({ name: `until-${id}`, label: say(formsText.until), type: "date", value: typed(`until-${id}`), error: wrong.fields["until"] })}
            <button>${say(delegatesText.save)}</button>`,
        })}</details></section>`
  }

  const endButton = (visit: HolderVisit, office: Office, one: AccountDetails["holders"][number]) =>
    isGiven(office, one)
      ? confirmed(visit, { label: visit.say(formsText.end), question: visit.say(formsText.endQuestion, { address: office.account.address, name: one.name }), action: `${listPath}/end`, hidden: { account: office.account.id, principalId: one.principalId, seen: one.seen } })
      : html`<small class="muted">${visit.say(delegatesText.notYours)}</small>`

  /** What somebody has now must be this person's to change. */
  async function mayChange(office: Office, principalId: string): Promise<boolean> {
    const found = await view.account(office.scope, office.account.address)
    return found.ok && found.value.holders.filter((one) => one.principalId === principalId).every((one) => isGiven(office, one))
  }

  return [
    holderPage({ method: "get", path: "/me/delegates", fresh: true, input: z.object({}), run: (_input, visit) => list(visit) }),
    holderPage({
      method: "get", path: "/me/delegates/suggest/:account", input: z.looseObject({ account: z.coerce.number().int().positive() }),
      async run({ account, ...typed }, visit) {
        const office = officeOf(visit, account)
        if (!office) return { kind: "error", status: 404 }
        const text = typed[`person-${account}`]
        const { hits } = await view.find({ scope: office.scope, text: typeof text === "string" ? text : "", kinds: ["person"], suspended: false, limit: suggestions })
        return { kind: "fragment", body: hits.map(({ key, name, detail, unitName }) => html`<option value=${key}>${[name, detail, unitName].filter(Boolean).join(" · ")}</option>`) }
      },
    }),
    holderPage({
      method: "post", path: "/me/delegates", fresh: true, input: typedInput,
      async run(sent, visit) {
        const typed = typedOf(sent)
        const id = Number(typed("account"))
        const office = officeOf(visit, id)
        if (!office) return { kind: "error", status: 404 }
        const reader = readFields((name) => typed(name === "principalId" ? `person-${id}` : name === "until" ? `until-${id}` : name))
        const assignment = { address: office.account.address, principalId: reader.text("principalId"), rights: reader.rights("rights"), from: null, until: reader.date("until") }
        const again = (wrong: Wrong, status: 409 | 422): Promise<Answer> => list(visit, { accountId: id, typed, wrong, status })
        if (!isGiven(office, assignment) || !(await mayChange(office, assignment.principalId))) return again({ fields: { principalId: visit.say(delegatesText.notYours) }, whole: [], stale: false }, 422)
        const made = reader.problems.length > 0 ? undefined : await editor.change({ kind: "putAssignment", seen: typed(`seen-${assignment.principalId}`) ?? null, assignment }, { scope: office.scope, byRightOfAccount: true })
        if (!made?.ok) return again(wrongOf(visit, made?.failure.problems ?? reader.problems, assignmentFields), made?.failure.kind === "inUse" ? 409 : 422)
        await changed()
        return { kind: "redirect", to: listPath, notice: done(visit.say(delegatesText.saved)) }
      },
    }),
    holderPage({
      method: "post", path: "/me/delegates/end", fresh: true, input: z.object({ account: z.coerce.number().int().positive(), principalId: z.string().max(200), seen: z.string().max(100) }),
      async run({ account, principalId, seen }, visit) {
        const office = officeOf(visit, account)
        if (!office || !(await mayChange(office, principalId))) return { kind: "error", status: 404 }
        const made = await editor.change({ kind: "endAssignment", address: office.account.address, principalId, seen }, { scope: office.scope, byRightOfAccount: true })
        if (made.ok) await changed()
        return { kind: "redirect", to: listPath, notice: made.ok ? done(visit.say(formsText.ended)) : problem(wrongOf(visit, made.failure.problems, []).whole.join(" ")) }
      },
    }),
  ]
}
