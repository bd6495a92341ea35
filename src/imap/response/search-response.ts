import { formatNumbers } from "../grammar/sequence-set.ts"
import type { SearchReturn } from "../grammar/search-keys.ts"
import type { ResponseWriter } from "./writer.ts"

export interface SearchAnswer {
  /** Sequence numbers or uids, ascending. */
  readonly numbers: Uint32Array
  /** RFC 7162 §3.1.5: the highest modseq of the messages found, when MODSEQ was searched for. */
  readonly modSeq: number | null
}

/** `* SEARCH 2 84 882 (MODSEQ 917162500)` (RFC 3501 §7.2.5, RFC 7162 §3.1.5). */
export const writeSearch = (out: ResponseWriter, answer: SearchAnswer): void => {
  out.text("* SEARCH")
  for (let at = 0; at < answer.numbers.length; at += numbersAtOnce) out.text(` ${answer.numbers.subarray(at, at + numbersAtOnce).join(" ")}`)
  // RFC 7162 §3.1.5: no MODSEQ when nothing was found.
  out.line(answer.modSeq === null || answer.numbers.length === 0 ? "" : ` (MODSEQ ${answer.modSeq})`)
}

const numbersAtOnce = 5_000

/** `* ESEARCH (TAG "A1") UID MIN 2 COUNT 3 ALL 2,10:11` (RFC 4731 §3.1). */
export const writeEsearch = (out: ResponseWriter, answer: SearchAnswer, request: { readonly tag: string; readonly form: "plain" | "uid"; readonly returns: readonly SearchReturn[] }): void => {
  const { numbers } = answer
  const found = numbers.length > 0
  const values: Record<SearchReturn, string | undefined> = {
    MIN: found ? String(numbers[0]) : undefined,
    MAX: found ? String(numbers[numbers.length - 1]) : undefined,
    COUNT: String(numbers.length),
    ALL: found && request.returns.includes("ALL") ? formatNumbers(numbers) : undefined,
  }
  const shown = request.returns.flatMap((name) => (values[name] === undefined ? [] : ` ${name} ${values[name]}`))
  const modSeq = answer.modSeq === null || !found ? "" : ` MODSEQ ${answer.modSeq}`
  out.line(`* ESEARCH (TAG "${request.tag}")${request.form === "uid" ? " UID" : ""}${shown.join("")}${modSeq}`)
}
