/** One line of `dns check`: what should be there, whether it is, and what is to be done. */
export interface CheckedLine {
  /** Of the record, without the dot at its end, or a URL. */
  readonly name: string
  readonly result: "ok" | "missing" | "different" | "unanswered"
  readonly expected: string
  /** What there is instead, or why nobody could say. */
  readonly found: string
  /** What to do, in Vietnamese and in English; empty where nothing is. */
  readonly todo: string
  /** True for what counts only with DNSSEC, and has none. */
  readonly insecure: boolean
  /** True for what may be missing: nothing is broken before it is used. */
  readonly waits: boolean
}
