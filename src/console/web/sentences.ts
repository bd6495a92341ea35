import { errorText } from "../text/shell.ts"
import { type Html, html } from "./html.ts"
import type { Visit } from "./page.ts"
import type { Catalogue, Language, Words } from "./words.ts"

/**
 * What other parts of the program say in English only, as logs, commands and the API have it, in the reader's language: a sentence is found in a catalogue by its English
 * words. tests/console/web/sentences.test.ts proves that the catalogues and those parts are in step.
 */
export type Sentences = (text: string, language: Language) => string | undefined

/** Longer ones quote what somebody wrote: looking for places in them would take its square in time. */
const maxCharacters = 500

/** The first that fits counts. */
export function sentences(catalogue: Catalogue): Sentences {
  const known = Object.values(catalogue).map((words) => ({ words, pattern: patternOf(words.en) }))
  return (text, language) => {
    if (text.length > maxCharacters) return undefined
    for (const { words, pattern } of known) {
      const found = pattern.exec(text)
      if (found) return words[language].replace(/\{(\w+)\}/g, (whole, name: string) => found.groups?.[name] ?? whole)
    }
    return undefined
  }
}

const patternOf = (template: string): RegExp => new RegExp(`^${template.split(/\{(\w+)\}/).map((part, at) => (at % 2 === 0 ? part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : `(?<${part}>.*)`)).join("")}$`, "s")

/** The sentence; `otherwise` for one that nobody has translated, which then stands below it as it is. */
export function told({ say, language }: Pick<Visit, "say" | "language">, { known, text, otherwise }: { readonly known: Sentences; readonly text: string; readonly otherwise: Words }): Html {
  const words = language === "en" ? text : known(text, language)
  return words ?? html`<div>${say(otherwise)} ${technical({ say }, text)}</div>`
}

/** For whoever is asked for help. */
export const technical = ({ say }: Pick<Visit, "say">, text: string): Html => html`<details class="technical"><summary>${say(errorText.technical)}</summary><span class="wrap" lang="en">${text}</span></details>`
