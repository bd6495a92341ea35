import { z } from "zod"
import type { NewAccount } from "../../../accounts/provision/changes.ts"
import { readFields } from "../../../accounts/provision/read-fields.ts"
import { mailboxKindText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page } from "../../web/page.ts"
import { showAccount } from "./account.ts"
import { assignmentFields } from "./account-parts.ts"
import type { DirectoryPorts } from "./directory.ts"
import { backTo, nothingWrong, picked, refusedTo, sizeText, submit, suggested, type Typed, type TypedForm, typedInput, typedOf, type Wrong, wrongNotice } from "./form-kit.ts"
import { directoryPath, objectPath } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** Accounts: made, changed, suspended, given to people, called by further addresses. */
const fields = ["address", "kind", "displayName", "unitCode", "quotaBytes", "ownerId"] as const

interface Shown {
  readonly typed: Typed
  readonly wrong?: Wrong
  readonly seen?: string
  readonly status?: 200 | 409 | 422
}

const addressInput = z.string().max(400)
const seenInput = z.string().max(100)

export function accountForms(ports: DirectoryPorts): readonly Page[] {
  const show = (visit: AdministratorVisit, { typed, wrong = nothingWrong, seen, status = 200 }: Shown): Answer => {
    const { say } = visit
    const address = typed("address") ?? ""
    return {
      kind: "page",
      status,
      title: seen === undefined ? say(formsText.newAccount) : say(formsText.changeOf, { name: address }),
      body: html`${wrongNotice(visit, wrong, objectPath("account", address))}
        ${form(visit, {
          action: seen === undefined ? `${directoryPath}/new/account` : `${objectPath("account", address)}/change`, className: "narrow", hidden: { ...(seen !== undefined && { seen, address }) },
          body: html`${field({ name: "displayName", label: say(formsText.displayName), value: typed("displayName"), required: true, error: wrong.fields["displayName"], autocomplete: "off" })}
            ${seen === undefined && picked({ name: "kind", label: say(formsText.kind), value: typed("kind") ?? "personal", error: wrong.fields["kind"], options: (["personal", "organizational"] as const).map((kind) => ({ value: kind, text: say(mailboxKindText[kind]) })) })}
            ${suggested({ name: "unitCode", label: say(formsText.unit), kind: "unit", value: typed("unitCode"), required: true, error: wrong.fields["unitCode"], help: say(formsText.unitHelp) })}
            ${seen === undefined && field({ name: "address", label: say(formsText.address), type: "email", value: address, help: say(formsText.addressHelp), error: wrong.fields["address"], autocomplete: "off" })}
            ${field({ name: "quotaBytes", label: say(formsText.quota), value: typed("quotaBytes") ?? sizeText(ports.defaultQuotaBytes), help: say(formsText.quotaHelp), error: wrong.fields["quotaBytes"], autocomplete: "off" })}
            ${seen === undefined && suggested({ name: "ownerId", label: say(formsText.owner), kind: "person", value: typed("ownerId"), help: say(formsText.ownerHelp), error: wrong.fields["ownerId"] })}
            <button>${say(seen === undefined ? formsText.create : formsText.save)}</button>`,
        })}`,
    }
  }

  const send = (visit: AdministratorVisit, form: TypedForm, seen?: string): Promise<Answer> => {
    const typed = typedOf(form)
    const reader = readFields(typed)
    const account = { displayName: reader.text("displayName"), unitCode: reader.text("unitCode"), quotaBytes: reader.bytes("quotaBytes", ports.defaultQuotaBytes) }
    const address = reader.address("address")
    const more: Pick<NewAccount, "address" | "kind" | "ownerId"> = { address: address || null, kind: reader.text("kind") === "organizational" ? "organizational" : "personal", ownerId: reader.optional("ownerId") }
    return submit(ports, {
      visit, problems: reader.problems, fields,
      change: () => (seen === undefined ? { kind: "addAccount", account: { ...account, ...more } } : { kind: "changeAccount", seen, account: { ...account, address } }),
      again: (wrong, status) => show(visit, { typed, wrong, status, ...(seen !== undefined && { seen }) }),
      done: (key) => (seen === undefined ? backTo(objectPath("account", key), visit, formsText.created, { name: key }) : backTo(objectPath("account", key), visit, formsText.saved)),
    })
  }

  return [
    administratorPage({ method: "get", path: "/directory/new/account", who: "directory:write", fresh: true, input: typedInput, run: async (query, visit) => show(visit, { typed: typedOf(query) }) }),
    administratorPage({ method: "post", path: "/directory/new/account", who: "directory:write", fresh: true, input: typedInput, run: (form, visit) => send(visit, form) }),
    administratorPage({
      method: "get", path: "/directory/accounts/:address/change", who: "directory:write", input: z.object({ address: addressInput }),
      async run({ address }, visit) {
        const found = await ports.view.account(visit.scope, address)
        if (!found.ok) return noSuch(found.failure)
        const { record, seen } = found.value
        return show(visit, { seen, typed: typedOf({ ...record, quotaBytes: sizeText(record.quotaBytes) }) })
      },
    }),
    administratorPage({ method: "post", path: "/directory/accounts/:address/change", who: "directory:write", input: typedInput, run: (form, visit) => send(visit, form, typedOf(form)("seen") ?? "") }),
    ...(["suspend", "reactivate"] as const).map((what) =>
      administratorPage({
        method: "post", path: `/directory/accounts/:address/${what}`, who: "directory:write", fresh: true, input: z.object({ address: addressInput, seen: seenInput }),
        run: ({ address, seen }, visit) => {
          const to = objectPath("account", address)
          return submit(ports, { visit, problems: [], fields: [], change: () => ({ kind: `${what}Account`, address, seen }), again: refusedTo(to), done: () => backTo(to, visit, what === "suspend" ? formsText.suspendedDone : formsText.reactivatedDone, { name: address }) })
        },
      }),
    ),
    administratorPage({
      method: "post", path: "/directory/accounts/:address/assignments", who: "directory:write", fresh: true, input: typedInput,
      run: (form, visit) => {
        const typed = typedOf(form)
        const reader = readFields(typed)
        const assignment = { address: typed("address") ?? "", principalId: reader.text("principalId"), rights: reader.rights("rights"), from: reader.date("from"), until: reader.date("until") }
        return submit(ports, {
          visit, problems: reader.problems, fields: assignmentFields,
          change: () => ({ kind: "putAssignment", seen: typed(`seen-${assignment.principalId}`) ?? null, assignment }),
          again: (wrong, status) => showAccount(ports, visit, { address: assignment.address, refused: { form: "assignment", typed, wrong, status } }),
          done: () => backTo(objectPath("account", assignment.address), visit, formsText.saved),
        })
      },
    }),
    administratorPage({
      method: "post", path: "/directory/accounts/:address/assignments/end", who: "directory:write", fresh: true, input: z.object({ address: addressInput, principalId: z.string().max(200), seen: seenInput }),
      run: ({ address, principalId, seen }, visit) => {
        const to = objectPath("account", address)
        return submit(ports, { visit, problems: [], fields: [], change: () => ({ kind: "endAssignment", address, principalId, seen }), again: refusedTo(to), done: () => backTo(to, visit, formsText.ended) })
      },
    }),
    administratorPage({
      method: "post", path: "/directory/accounts/:address/aliases", who: "directory:write", input: typedInput,
      run: (form, visit) => {
        const typed = typedOf(form)
        const reader = readFields(typed)
        const alias = { address: reader.address("alias"), target: typed("address") ?? "", expiresOn: reader.date("expiresOn") }
        return submit(ports, {
          visit, problems: reader.problems, fields: ["address", "expiresOn"],
          change: () => ({ kind: "addAlias", alias }),
          again: (wrong, status) => showAccount(ports, visit, { address: alias.target, refused: { form: "alias", typed, wrong, status } }),
          done: () => backTo(objectPath("account", alias.target), visit, formsText.created, { name: alias.address }),
        })
      },
    }),
    administratorPage({
      method: "post", path: "/directory/accounts/:address/aliases/remove", who: "directory:write", input: z.object({ address: addressInput, alias: addressInput, seen: seenInput }),
      run: ({ address, alias, seen }, visit) => submit(ports, { visit, problems: [], fields: [], change: () => ({ kind: "removeAlias", address: alias, seen }), again: refusedTo(objectPath("account", address)), done: () => backTo(objectPath("account", address), visit, formsText.removed) }),
    }),
    administratorPage({
      method: "post", path: "/directory/accounts/:address/end-forwarding", who: "directory:write", fresh: true, input: z.object({ address: addressInput }),
      async run({ address }, visit) {
        const found = await ports.view.account(visit.scope, address)
        if (!found.ok) return noSuch(found.failure)
        await ports.forwarding.end(found.value.id)
        await ports.changed()
        return backTo(objectPath("account", address), visit, formsText.ended)
      },
    }),
  ]
}
