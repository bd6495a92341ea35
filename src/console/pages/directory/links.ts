import type { DirectoryKind } from "../../../store/directory-view.ts"
import { directoryText } from "../../text/directory.ts"
import { html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"

/** Where each object of the directory is shown, and how it is named there. */
export const directoryPath = "/console/directory"
export const bulkPath = `${directoryPath}/bulk`

const folders = { person: "people", account: "accounts", group: "groups", unit: "units" } as const
export type ShownKind = keyof typeof folders

export const objectPath = (kind: ShownKind, key: string): string => `${directoryPath}/${folders[kind]}/${encodeURIComponent(key)}`

/** An alias is shown with its account: `detail` of a hit. */
export const hitPath = ({ kind, key, detail }: { readonly kind: DirectoryKind; readonly key: string; readonly detail: string }): string => (kind === "alias" ? objectPath("account", detail) : objectPath(kind, key))

export const unitLink = (code: string, name: string) => html`<a href=${objectPath("unit", code)}>${name === "" ? code : name}</a>`

export const stateMark = ({ say }: Visit, { suspended }: { readonly suspended: boolean }) => (suspended ? html`<span class="bad">${say(directoryText.suspended)}</span>` : html`<span class="good">${say(directoryText.active)}</span>`)

/** `YYYY-MM-DD` as it is written in both languages. */
export const dayText = (date: string): string => date.split("-").toReversed().join("/")

export const periodText = (visit: Visit, date: string | null): string => (date === null ? visit.say(directoryText.open) : dayText(date))
