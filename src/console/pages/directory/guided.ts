import { z } from "zod"
import { stepText } from "../../../accounts/provision/guided/steps.ts"
import type { ActionOnRecord, GuidedAction } from "../../../store/directory-actions.ts"
import type { Refusal } from "../../../store/directory-editor.ts"
import { directoryText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { guidedText } from "../../text/guided.ts"
import { selfText } from "../../text/self.ts"
import { confirmed, field, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Crumb, done, type Page, problem } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import type { DirectoryPorts } from "./directory.ts"
import { suggested, typedInput, typedOf, type Typed, wrongNotice, wrongOf } from "./form-kit.ts"
import { directoryPath, objectPath } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** Moving, leaving, handing over: what is asked for, the plan in sentences, done at a word, taken back where that is possible. */
const fields = ["unitCode", "title", "to"] as const

interface Wizard {
  readonly title: string
  /** Where it is, and where it goes back to. */
  readonly path: string
  readonly back: Crumb
  /** What is asked for first. */
  readonly questions: (wrong: Readonly<Record<string, string>>) => Html
  /** Undefined: not all was said yet. */
  readonly action: GuidedAction | undefined
  readonly hidden: Readonly<Record<string, string>>
}

export function guidedPages(ports: DirectoryPorts): readonly Page[] {
  const { actions, view, changed } = ports

  async function show(visit: AdministratorVisit, wizard: Wizard, refused?: Refusal): Promise<Answer> {
    const { say } = visit
    const planned = wizard.action && !refused ? await actions.plan(wizard.action, { scope: visit.scope }) : undefined
    const refusal = refused ?? (planned && !planned.ok ? planned.failure : undefined)
    if (refusal?.kind === "noPermission" && refusal.problems.every(({ field }) => !fields.some((one) => one === field))) return { kind: "error", status: 403 }
    const wrong = wrongOf(visit, refusal?.problems ?? [], fields)
    return {
      kind: "page",
      status: refusal ? (refusal.kind === "inUse" ? 409 : 422) : 200,
      title: wizard.title,
      crumbs: [{ path: directoryPath, title: say(directoryText.units) }, wizard.back],
      body: html`${wrongNotice(visit, wrong, wizard.path)}
        ${form(visit, { action: wizard.path, method: "get", className: "narrow", body: html`${wizard.questions(wrong.fields)}` })}
        ${planned?.ok && html`<h2>${say(guidedText.planTitle)}</h2>
          ${planned.value.steps.length === 0
            ? html`<p class="empty">${say(guidedText.nothing)}</p>`
            : html`<ol class="steps">${planned.value.steps.map((step) => html`<li>${stepText(step, visit.language)}</li>`)}</ol>
              <p class="muted">${say(planned.value.undoable ? guidedText.undoable : guidedText.notUndoable)}</p>
              ${form(visit, { action: wizard.path, hidden: { ...wizard.hidden, seen: planned.value.seen }, body: html`<button>${say(guidedText.apply)}</button> <a role="button" class="secondary" href=${wizard.back.path}>${say(formsText.cancel)}</a>` })}`}`}`,
    }
  }

  async function apply(visit: AdministratorVisit, wizard: Wizard, seen: string): Promise<Answer> {
    if (!wizard.action) return { kind: "error", status: 400 }
    const made = await actions.apply(wizard.action, seen, { scope: visit.scope })
    if (!made.ok) return made.failure.kind === "notFound" ? { kind: "error", status: 404 } : show(visit, wizard, made.failure)
    await changed()
    const { oneTimePassword } = made.value
    return oneTimePassword === null ? { kind: "redirect", to: wizard.back.path, notice: done(visit.say(guidedText.done)) } : secretPage(visit, { title: wizard.title, address: wizard.back.title, back: wizard.back, secret: oneTimePassword })
  }

  const wizards = {
    async move(visit: AdministratorVisit, id: string, typed: Typed): Promise<Wizard | Answer> {
      const found = await view.person(visit.scope, id)
      if (!found.ok) return noSuch(found.failure)
      const { name } = found.value.record
      const { say } = visit
      const [unitCode, title] = [typed("unitCode")?.trim() ?? "", typed("title")?.trim() ?? ""]
      const keep = typed("keepAddress") !== undefined
      return {
        title: say(guidedText.moveOf, { name }), path: `${objectPath("person", id)}/move`, back: { path: objectPath("person", id), title: name },
        hidden: { unitCode, title, ...(keep && { keepAddress: "1" }) },
        action: unitCode === "" ? undefined : { kind: "move", principalId: id, unitCode, title: title === "" ? null : title, keepAddress: keep },
        questions: (wrong) => html`${suggested({ name: "unitCode", label: say(guidedText.to), kind: "unit", value: unitCode, required: true, help: say(guidedText.toHelp), error: wrong["unitCode"] })}
          ${field({ name: "title", label: say(guidedText.title), value: title, error: wrong["title"], autocomplete: "off" })}
          <label class="check"><input type="checkbox" name="keepAddress" value="1" checked=${keep} /> ${say(guidedText.keepAddress)}</label>
          <button>${say(guidedText.plan)}</button>`,
      }
    },
    async leave(visit: AdministratorVisit, id: string): Promise<Wizard | Answer> {
      const found = await view.person(visit.scope, id)
      if (!found.ok) return noSuch(found.failure)
      const { name } = found.value.record
      return { title: visit.say(guidedText.leaveOf, { name }), path: `${objectPath("person", id)}/leave`, back: { path: objectPath("person", id), title: name }, hidden: {}, action: { kind: "leave", principalId: id }, questions: () => null }
    },
    async handOver(visit: AdministratorVisit, address: string, typed: Typed): Promise<Wizard | Answer> {
      const found = await view.account(visit.scope, address)
      if (!found.ok) return noSuch(found.failure)
      const { say } = visit
      const to = typed("to")?.trim() ?? ""
      return {
        title: say(guidedText.handOverOf, { address }), path: `${objectPath("account", address)}/hand-over`, back: { path: objectPath("account", address), title: address }, hidden: { to },
        action: to === "" ? undefined : { kind: "handOver", address, to },
        questions: (wrong) => html`${suggested({ name: "to", label: say(guidedText.newHolder), kind: "person", value: to, required: true, help: say(guidedText.newHolderHelp), error: wrong["to"] })}<button>${say(guidedText.plan)}</button>`,
      }
    },
  }

  /** The page that plans and the one that does, of one wizard. */
  const both = (path: string, wizardOf: (visit: AdministratorVisit, typed: Typed) => Promise<Wizard | Answer>): readonly Page[] => [
    administratorPage({
      method: "get", path, who: "directory:write", fresh: true, input: typedInput,
      async run(query, visit) {
        const wizard = await wizardOf(visit, typedOf(query))
        return "kind" in wizard ? wizard : show(visit, wizard)
      },
    }),
    administratorPage({
      method: "post", path, who: "directory:write", fresh: true, input: typedInput,
      async run(sent, visit) {
        const typed = typedOf(sent)
        const wizard = await wizardOf(visit, typed)
        return "kind" in wizard ? wizard : apply(visit, wizard, typed("seen") ?? "")
      },
    }),
  ]

  return [
    ...both("/directory/people/:id/move", (visit, typed) => wizards.move(visit, typed("id") ?? "", typed)),
    ...both("/directory/people/:id/leave", (visit, typed) => wizards.leave(visit, typed("id") ?? "")),
    ...both("/directory/accounts/:address/hand-over", (visit, typed) => wizards.handOver(visit, typed("address") ?? "", typed)),
    administratorPage({
      method: "post", path: "/directory/actions/:id/undo", who: "directory:write", fresh: true, input: z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER), back: z.string().max(400), kind: z.enum(["person", "account"]) }),
      async run({ id, back, kind }, visit) {
        const to = objectPath(kind, back)
        const made = await actions.undo(id, { scope: visit.scope })
        if (!made.ok && (made.failure.kind === "noPermission" || made.failure.kind === "notFound")) return noSuch(made.failure)
        if (made.ok) await changed()
        return { kind: "redirect", to, notice: made.ok ? done(visit.say(guidedText.undone)) : problem(wrongOf(visit, made.failure.problems, []).whole.join(" ")) }
      },
    }),
    administratorPage({
      method: "post", path: "/directory/accounts/:address/reset-password", who: "directory:write", fresh: true, input: z.object({ address: z.string().max(400), keepAppPasswords: z.literal("1").optional() }),
      async run({ address, keepAppPasswords }, visit) {
        const back = { path: objectPath("account", address), title: address }
        const made = await actions.resetPassword(address, { keepAppPasswords: keepAppPasswords !== undefined }, { scope: visit.scope })
        if (made.ok) return secretPage(visit, { title: visit.say(guidedText.reset), address, back, secret: made.value.oneTimePassword })
        return made.failure.kind === "noPermission" || made.failure.kind === "notFound" ? noSuch(made.failure) : { kind: "redirect", to: back.path, notice: problem(wrongOf(visit, made.failure.problems, []).whole.join(" ")) }
      },
    }),
  ]
}

const secretPage = ({ say }: AdministratorVisit, { title, address, back, secret }: { readonly title: string; readonly address: string; readonly back: Crumb; readonly secret: string }): Answer => ({
  kind: "page",
  title,
  crumbs: [{ path: directoryPath, title: say(directoryText.units) }, back],
  body: html`<p>${say(guidedText.password, { address })}</p>
    <p><code class="secret">${secret}</code> <button type="button" class="secondary" data-copy=${secret} data-copied=${say(selfText.copied)}>${say(selfText.copy)}</button></p>
    <p><a href=${back.path}>${back.title}</a></p>`,
})

/** What was done to a person or an account by a guided action, and taking it back. */
export const doneActions = (visit: AdministratorVisit, kind: "person" | "account", { key, done: list, mayChange }: { readonly key: string; readonly done: readonly ActionOnRecord[]; readonly mayChange: boolean }) =>
  list.length > 0 && html`<h2>${visit.say(guidedText.doneTitle)}</h2>
    ${list.slice(0, maxShown).map((one) => html`<section class="device"><p>${shownTime(visit, one.doneAt)} ${one.undoneAt !== null && html`<strong class="bad">${visit.say(guidedText.undoneAt)} ${shownTime(visit, one.undoneAt)}</strong>`}</p>
      <ol class="steps">${one.steps.map((step) => html`<li>${stepText(step, visit.language)}</li>`)}</ol>
      ${mayChange && one.undoable && one.undoneAt === null && confirmed(visit, { label: visit.say(guidedText.undo), question: visit.say(guidedText.undoQuestion), action: `${directoryPath}/actions/${one.id}/undo`, hidden: { back: key, kind } })}</section>`)}`

const maxShown = 5
