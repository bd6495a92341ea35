import { rightText } from "../../../accounts/right-words.ts"
import { stepWords } from "../../../accounts/provision/guided/steps.ts"
import { fieldWords } from "../../../accounts/provision/problems.ts"
import type { HistoryEntry } from "../../../store/directory-history.ts"
import { guidedText } from "../../text/guided.ts"
import { formsText } from "../../text/directory-forms.ts"
import { changeText, directoryText, mailboxKindText, principalKindText, unitKindText } from "../../text/directory.ts"
import { html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"

/** What was done to an object, newest first, and which of its members became another. */
export const shownHistory = 15

export const history = (visit: Visit, entries: readonly HistoryEntry[]) =>
  html`<h2>${visit.say(directoryText.history)}</h2>
    ${table(visit, {
      caption: visit.say(directoryText.history),
      empty: visit.say(directoryText.noHistory),
      rows: entries,
      columns: [
        { key: "when", title: visit.say(directoryText.when), cell: ({ at }) => shownTime(visit, at) },
        { key: "who", title: visit.say(directoryText.who), cell: ({ by }) => (by === "" ? "–" : by) },
        { key: "what", title: visit.say(directoryText.what), cell: ({ kind }) => nameOf(visit, kind) },
        { key: "changes", title: visit.say(directoryText.changes), cell: (entry) => html`<span>${changes(visit, entry).map((line) => html`${line}<br />`)}</span>` },
      ],
    })}`

/** `move.renameAccount` is a step of a move. */
function nameOf({ say }: Visit, kind: string): string {
  const [action = ""] = kind.split(".")
  return isKnown(kind) ? say(changeText[kind]) : action === "move" || action === "leave" || action === "handOver" ? say(guidedText[action]) : kind
}

const isKnown = (kind: string): kind is keyof typeof changeText => Object.hasOwn(changeText, kind)

type Members = Readonly<Record<string, unknown>>
const membersOf = (value: unknown): Members => (typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {})

const maxLines = 8
const maxCharacters = 120

/** `Chức vụ: A → B`, for what differs; of what is new or gone, nothing but its key. Rights first say whose, and on what. */
function changes({ language, say }: Visit, { kind, person, detail }: HistoryEntry): readonly string[] {
  const { key, before, after, ...more } = membersOf(detail)
  const step = kind.split(".")[1] ?? ""
  if (isStep(step)) return [filledWith(stepWords[step][language], more)]
  const old = membersOf(before)
  const now = membersOf(after)
  const told = (name: string, value: unknown): string =>
    name === "kind" && typeof value === "string" && isKind(value) ? say(kindText[value]) : name === "rights" && Array.isArray(value) ? shown(value.map((right) => (isRight(right) ? say(rightText[right]) : right))) : shown(value)
  const whose = kind.startsWith("assignment.") ? membersOf(after ?? before) : undefined
  const lines = Object.keys(now)
    .filter((name) => !whose || !(name in named))
    .filter((name) => JSON.stringify(old[name] ?? null) !== JSON.stringify(now[name] ?? null))
    .map((name) => `${name === "name" && kind.startsWith("unit.") ? say(formsText.unitName) : (fieldWords[name]?.[language] ?? name)}: ${name in old ? `${told(name, old[name])} → ` : ""}${told(name, now[name])}`)
  if (whose) return [`${person === null ? "" : `${person} `}(${shown(whose["principalId"])}) · ${shown(whose["address"])}`, ...lines]
  return lines.length === 0 ? (typeof key === "string" ? [key] : []) : lines.slice(0, maxLines)
}

/** Said in the first line of an assignment's entry. */
const named = { principalId: true, address: true }

const kindText = { ...principalKindText, ...mailboxKindText, ...unitKindText }
const isKind = (kind: string): kind is keyof typeof kindText => Object.hasOwn(kindText, kind)

const isRight = (right: unknown): right is keyof typeof rightText => typeof right === "string" && Object.hasOwn(rightText, right)

const isStep = (name: string): name is keyof typeof stepWords => Object.hasOwn(stepWords, name)

const filledWith = (text: string, values: Members): string => text.replace(/\{(\w+)\}/g, (_whole, name: string) => shown(values[name]))

function shown(value: unknown): string {
  const text = value === null || value === undefined ? "–" : Array.isArray(value) ? value.map(String).join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value)
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text === "" ? "–" : text
}
