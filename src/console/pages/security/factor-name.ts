import { printable } from "../../../mail/printable.ts"

/** Of one person. */
export const maxFactors = 10
const maxNameCharacters = 60

/** What a factor is called by its holder; undefined when that is no name. */
export function nameOf(typed: string): string | undefined {
  const name = printable(typed).trim()
  return name === "" || [...name].length > maxNameCharacters ? undefined : name
}
