import { html } from "./html.ts"
import type { Visit } from "./page.ts"
import { bytesText, dateText, numberText, percentText, spanText, timeText } from "./words.ts"

/** Values as a page shows them, in the visitor's language and the province's time. */
export const shownTime = (visit: Visit, ms: number) => html`<time datetime=${new Date(ms).toISOString()}>${timeText(ms, visit.language)}</time>`
export const shownDate = (visit: Visit, ms: number) => html`<time datetime=${new Date(ms).toISOString()}>${dateText(ms, visit.language)}</time>`
export const shownNumber = (visit: Visit, value: number): string => numberText(value, visit.language)
export const shownBytes = (visit: Visit, bytes: number): string => bytesText(bytes, visit.language)
export const shownSpan = (visit: Visit, ms: number): string => spanText(ms, visit.language)
/** "–" where there is nothing to have a share of. */
export const shownShare = (visit: Visit, part: number, whole: number): string => (whole === 0 ? "–" : percentText(part / whole, visit.language))
