import type { Reader } from "../grammar/reader.ts"

/** `parse` of a command that is only its name. */
export const argumentless = (reader: Reader): null => {
  reader.end()
  return null
}
