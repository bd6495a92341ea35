import type { HealthCheck } from "../../telemetry/health.ts"
import { healthText, type Said } from "../../telemetry/health-words.ts"
import { checkText, roleText, unusablePairText } from "../text/public.ts"
import type { Visit } from "./page.ts"
import { sentences } from "./sentences.ts"
import { dateText, timeText } from "./words.ts"

/** How processes and their checks are called, and what they say, in the reader's language. */

/** `imap-2` is the second process of `imap`. */
export function processName({ say }: Visit, process: string): string {
  const [, role = process, number] = /^([a-z]+)-(\d+)$/.exec(process) ?? []
  const words = roleText[role]
  return `${words ? say(words) : role}${number === undefined ? "" : ` ${number}`}`
}

export function checkName({ say }: Visit, name: string): string {
  const words = checkText[name]
  return words ? say(words) : name
}

const unusablePair = sentences(unusablePairText)

/** Another version of the program may say what there are no words for here. */
export const checkSays = ({ language }: Visit, { said, detail }: HealthCheck): string =>
  (said && healthText(said.map((one) => withReason(one, language)), language, { at: (ms) => timeText(ms, language), date: (ms) => dateText(ms, language) })) ?? detail

const withReason = (one: Said, language: Visit["language"]): Said => {
  const { reason } = one.values
  return typeof reason === "string" ? { ...one, values: { ...one.values, reason: unusablePair(reason, language) ?? reason } } : one
}
