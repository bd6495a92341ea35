import { z } from "zod"
import { parseDurationMs } from "../../../base/units.ts"
import { destinationPattern } from "../../../mail/destination-pattern.ts"
import { bounceClasses } from "../../../store/delivery-store.ts"
import { type QueueFilter, queueStates } from "../../../store/queue-store.ts"
import { bounceClassText, queueStateText, queueText } from "../../text/queue.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import type { Visit } from "../../web/page.ts"
import { spanText } from "../../web/words.ts"

/** Which deliveries are meant, as the address of the list and the fields of its form say it. */
export const filterFields = {
  state: filled(z.enum(queueStates)), recipient: filled(z.string().trim().max(320)), sender: filled(z.string().trim().max(320)), destination: filled(z.string().trim().max(300)),
  bounceClass: filled(z.enum(bounceClasses)), words: filled(z.string().trim().max(200)), older: filled(z.enum(["1h", "4h", "1d", "3d"])),
}
const ages = ["1h", "4h", "1d", "3d"] as const

export interface FilterInput {
  readonly state?: QueueFilter["state"] | undefined
  readonly recipient?: string | undefined
  readonly sender?: string | undefined
  readonly destination?: string | undefined
  readonly bounceClass?: QueueFilter["bounceClass"] | undefined
  readonly words?: string | undefined
  readonly older?: (typeof ages)[number] | undefined
}

/** Undefined when the destination is no domain. */
export function filterOf({ state, recipient, sender, destination, bounceClass, words, older }: FilterInput, now: number): QueueFilter | undefined {
  const pattern = destination === undefined ? undefined : destinationPattern(destination)
  if (destination !== undefined && pattern === undefined) return undefined
  return {
    ...(state !== undefined && { state }), ...(recipient !== undefined && { recipient }), ...(sender !== undefined && { sender: sender.replace(/^<(.*)>$/, "$1") }),
    ...(pattern !== undefined && { destination: pattern }), ...(bounceClass !== undefined && { bounceClass }), ...(words !== undefined && { diagnostic: words }),
    ...(older !== undefined && { acceptedBefore: now - (parseDurationMs(older) ?? 0) }),
  }
}

/** Those that are filled, to be kept in another form. */
export const filterHidden = (input: FilterInput): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries({ state: input.state, recipient: input.recipient, sender: input.sender, destination: input.destination, bounceClass: input.bounceClass, words: input.words, older: input.older }).filter((entry): entry is [string, NonNullable<(typeof entry)[1]>] => entry[1] !== undefined))

export function filterForm(visit: Visit, input: FilterInput, wrongDestination: boolean) {
  const { say, language } = visit
  const any = { value: "", text: say(queueText.any) }
  return form(visit, {
    action: "/console/queue",
    method: "get",
    className: "row filter",
    body: html`${field({ name: "recipient", label: say(queueText.recipient), type: "search", value: input.recipient })}
      ${field({ name: "sender", label: say(queueText.sender), value: input.sender })}
      ${field({ name: "destination", label: say(queueText.destination), value: input.destination, ...(wrongDestination && { error: say(queueText.notDomain) }) })}
      ${choice({ name: "state", label: say(queueText.state), value: input.state, options: [any, ...queueStates.map((value) => ({ value, text: say(queueStateText[value]) }))] })}
      ${choice({ name: "bounceClass", label: say(queueText.bounceClass), value: input.bounceClass, options: [any, ...bounceClasses.map((value) => ({ value, text: say(bounceClassText[value]) }))] })}
      ${choice({ name: "older", label: say(queueText.older), value: input.older, options: [any, ...ages.map((value) => ({ value, text: say(queueText.olderThan, { span: spanText(parseDurationMs(value) ?? 0, language) }) }))] })}
      ${field({ name: "words", label: say(queueText.words), value: input.words })}
      <button>${say(queueText.show)}</button> <a href="/console/queue">${say(queueText.clear)}</a>`,
  })
}
