import { z } from "zod"
import type { DirectoryChange } from "../../../accounts/provision/changes.ts"
import { type FieldProblem, problemText } from "../../../accounts/provision/problems.ts"
import type { DirectoryEditor } from "../../../store/directory-editor.ts"
import type { DirectoryKind } from "../../../store/directory-view.ts"
import { formsText } from "../../text/directory-forms.ts"
import { confirmed } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import type { AdministratorVisit, Answer, Visit } from "../../web/page.ts"
import { directoryPath } from "./links.ts"

/** What the directory's forms share: what was typed, what is wrong with it, and how a change is made and answered. */
const maxTyped = 400_000

/** Whatever a form sends; what it means is read by `readFields`. */
export const typedInput = z.record(z.string(), z.union([z.string().max(maxTyped), z.array(z.string().max(maxTyped)).max(100)]))
export type TypedForm = z.output<typeof typedInput>

export type Typed = (field: string) => string | undefined

/** Boxes with one name become one text. */
export const typedOf =
  (form: Readonly<Record<string, unknown>>): Typed =>
  (field) => {
    const value = Object.hasOwn(form, field) ? form[field] : undefined
    return typeof value === "string" ? value : Array.isArray(value) ? value.join(" ") : undefined
  }

/** Said at the field, or of the form as a whole. */
export interface Wrong {
  readonly fields: Readonly<Record<string, string>>
  readonly whole: readonly string[]
  /** Somebody else was quicker. */
  readonly stale: boolean
}

export const nothingWrong: Wrong = { fields: {}, whole: [], stale: false }

/** `known`: the form's fields; what is said of another is said of the whole. */
export function wrongOf({ language }: Visit, problems: readonly FieldProblem[], known: readonly string[]): Wrong {
  const at = problems.filter(({ field }) => known.includes(field))
  return {
    fields: Object.fromEntries(at.toReversed().map((problem) => [problem.field, problemText({ ...problem, field: "" }, language)])),
    whole: problems.filter(({ field }) => !known.includes(field)).map((problem) => problemText(problem, language)),
    stale: problems.some(({ problem }) => problem === "stale"),
  }
}

export interface Submitted {
  readonly visit: AdministratorVisit
  /** Found while the form was read; nothing is asked of the store then. */
  readonly problems: readonly FieldProblem[]
  readonly change: () => DirectoryChange
  readonly fields: readonly string[]
  readonly again: (wrong: Wrong, status: 409 | 422) => Answer | Promise<Answer>
  readonly done: (key: string) => Answer
}

export async function submit({ editor, changed }: { readonly editor: DirectoryEditor; readonly changed: () => Promise<void> }, { visit, problems, change, fields, again, done }: Submitted): Promise<Answer> {
  if (problems.length > 0) return again(wrongOf(visit, problems, fields), 422)
  const made = await editor.change(change(), { scope: visit.scope })
  if (made.ok) {
    await changed()
    return done(made.value.key)
  }
  const { kind, problems: found } = made.failure
  // nothing of it is this administrator's; a field that leads outside is said at the field
  if (kind === "noPermission" && found.every(({ field }) => !fields.includes(field))) return { kind: "error", status: 403 }
  if (kind === "notFound") return { kind: "error", status: 404 }
  return again(wrongOf(visit, found, fields), kind === "inUse" ? 409 : 422)
}

/** Above a form that was not taken. */
export const wrongNotice = ({ say }: Visit, { whole, stale }: Wrong, path: string) =>
  whole.length > 0 && html`<p class="notice problem" role="alert">${whole.join(" ")} ${stale && html`<a href=${path}>${say(formsText.lookAgain)}</a>`}</p>`

interface FieldParts {
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  readonly help?: string
  readonly error?: string | undefined
}

const around = ({ name, label, help, error }: FieldParts, control: (described: string | undefined, invalid: "true" | undefined) => Html) => {
  const described = [help === undefined ? "" : `${name}-help`, error === undefined ? "" : `${name}-error`].filter(Boolean).join(" ") || undefined
  return html`<div class="field"><label for=${name}>${label}</label>${control(described, error === undefined ? undefined : "true")}
    ${help !== undefined && html`<small id=${`${name}-help`}>${help}</small>`}${error !== undefined && html`<small class="error" id=${`${name}-error`}>${error}</small>`}</div>`
}

/** A field that proposes objects of the directory while one types; what is sent is a key, typed or chosen. */
export const suggested = (parts: FieldParts & { readonly kind: DirectoryKind; readonly required?: boolean; readonly source?: string }) =>
  around(parts, (described, invalid) => html`<input id=${parts.name} name=${parts.name} value=${parts.value} required=${parts.required} autocomplete="off" aria-describedby=${described} aria-invalid=${invalid} list=${`${parts.name}-list`}
    hx-get=${parts.source ?? `${directoryPath}/suggest/${parts.kind}`} hx-trigger="input changed delay:150ms" hx-target=${`#${parts.name}-list`} hx-sync="this:queue last" /><datalist id=${`${parts.name}-list`}></datalist>`)

export const lines = (parts: FieldParts & { readonly rows?: number }) =>
  around(parts, (described, invalid) => html`<textarea id=${parts.name} name=${parts.name} rows=${parts.rows ?? 5} aria-describedby=${described} aria-invalid=${invalid} spellcheck=${false}>${parts.value}</textarea>`)

export const picked = (parts: FieldParts & { readonly options: readonly { readonly value: string; readonly text: string }[] }) =>
  around(parts, (described, invalid) => html`<select id=${parts.name} name=${parts.name} aria-describedby=${described} aria-invalid=${invalid}>${parts.options.map(({ value, text }) => html`<option value=${value} selected=${value === parts.value}>${text}</option>`)}</select>`)

/** Suspends what is active, opens what is suspended again; asked first. */
export const stateForm = (visit: Visit, { path, name, suspended, seen }: { readonly path: string; readonly name: string; readonly suspended: boolean; readonly seen: string }) =>
  suspended
    ? confirmed(visit, { label: visit.say(formsText.reactivate), question: visit.say(formsText.reactivateQuestion, { name }), action: `${path}/reactivate`, hidden: { seen } })
    : confirmed(visit, { label: visit.say(formsText.suspend), question: visit.say(formsText.suspendQuestion, { name }), action: `${path}/suspend`, hidden: { seen } })

/** A change that is one button: its answer is a page's notice, whatever came of it. */
export const backTo = (to: string, { say }: Visit, text: Parameters<Visit["say"]>[0], values?: Parameters<Visit["say"]>[1]): Answer => ({ kind: "redirect", to, notice: { kind: "done", text: say(text, values) } })

export const refusedTo = (to: string) => (wrong: Wrong): Answer => ({ kind: "redirect", to, notice: { kind: "problem", text: [...wrong.whole, ...Object.values(wrong.fields)].join(" ") } })

const units = [["TiB", 2 ** 40], ["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const

/** Exactly, as `readFields` reads it. */
export function sizeText(bytes: number): string {
  const [unit, size] = units.find(([, size]) => bytes >= size && bytes % size === 0) ?? ["B", 1]
  return `${bytes / size}${unit}`
}
