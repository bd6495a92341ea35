import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { attemptText } from "../delivery/trace-text.ts"
import { printable } from "../mail/printable.ts"
import type { DeliveryRecord, DestinationSummary, QueuedDelivery } from "../store/queue-store.ts"
import { maxPage } from "../store/queue-store.ts"
import { createQueueStore } from "../store/sql/queue.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { cut, fitTable } from "./fit-table.ts"
import { type FilterOptions, limitOf, numberOf, queueFilter } from "./queue-filter.ts"

/** `congthu queue list`, `show` and `destinations`: what waits, where to, and why. */
export interface ListOptions extends FilterOptions {
  readonly limit: string
  readonly after?: string
  readonly json?: boolean
}

export async function listQueue({ database }: CommandContext, { json, ...options }: ListOptions): Promise<number> {
  const limit = limitOf(options.limit, maxPage)
  const page = { limit, ...(options.after !== undefined && { after: numberOf(options.after, "delivery") }) }
  const deliveries = await createQueueStore({ database }).list(await queueFilter(database, options), page)
  if (json) for (const delivery of deliveries) print(JSON.stringify(delivery))
  else if (deliveries.length > 0) print(deliveryTable(deliveries))
  if (deliveries.length === 0) say("No delivery waits.")
  else if (deliveries.length === limit) say(`There may be more: --after ${deliveries.at(-1)?.id}`)
  return exitCodes.ok
}

const maxAddress = 36

export function deliveryTable(deliveries: readonly QueuedDelivery[]): string {
  const now = systemClock.now()
  const rows = deliveries.map(({ id, state, acceptedAt, nextAttemptAt, attempts, reversePath, recipient, status, diagnostic, bounceClass }) =>
    [
      String(id), state, age(now - acceptedAt), nextAttemptAt === null ? "-" : nextAttemptAt <= now ? "now" : age(nextAttemptAt - now), String(attempts),
      cut(sender(reversePath), maxAddress), cut(recipient, maxAddress), bounceClass ?? "-", [status, diagnostic].filter(Boolean).join(" "),
    ].map(printable),
  )
  return fitTable(["NUMBER", "STATE", "AGE", "NEXT", "TRIES", "FROM", "TO", "CLASS", "LAST WORDS"], rows)
}

const sender = (reversePath: string): string => (reversePath === "" ? "<>" : reversePath)

const units = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1_000]] as const

/** In its largest unit: `3d`, `45m`. */
function age(ms: number): string {
  const [unit, length] = units.find(([, length]) => ms >= length) ?? ["s", 1_000]
  return `${Math.max(Math.floor(ms / length), 0)}${unit}`
}

export async function showDelivery({ database }: CommandContext, number: string, { json }: { readonly json?: boolean }): Promise<number> {
  const delivery = await createQueueStore({ database }).find(numberOf(number, "delivery"))
  if (!delivery) throw new CommandError(`there is no delivery ${number}; \`congthu queue list\` shows those that wait`)
  print(json ? JSON.stringify(delivery, null, 2) : deliveryText(delivery))
  return exitCodes.ok
}

export function deliveryText(delivery: DeliveryRecord): string {
  const { hold, pause, tries, steps, recipient, originalRecipient, nextAttemptAt } = delivery
  const facts: readonly (readonly [string, string])[] = [
    ["delivery", `${delivery.id}: ${delivery.state}`],
    ["message", `envelope ${delivery.envelopeId}, <${delivery.messageId}>, ${delivery.size} bytes`],
    ["from", sender(delivery.reversePath)],
    ["to", originalRecipient === recipient ? recipient : `${originalRecipient} → ${recipient}`],
    ["accepted", provinceTime(delivery.acceptedAt)],
    ...(nextAttemptAt === null ? [] : [["next try", provinceTime(nextAttemptAt)] as const]),
    ...(delivery.settledAt === null ? [["given up", `${provinceTime(delivery.expiresAt)} at the latest`] as const] : [["settled", `${provinceTime(delivery.settledAt)} ${[delivery.status, delivery.diagnostic].filter(Boolean).join(" ")}`] as const]),
    ...(hold ? [["held", `${provinceTime(hold.at)} by ${hold.by}: ${hold.why}`] as const] : []),
    ...(pause ? [["paused", `${pause.pattern} until ${pause.until === null ? "it is resumed" : provinceTime(pause.until)}, by ${pause.by}: ${pause.why} (pause ${pause.id})`] as const] : []),
    ...tries.map((attempt) => [`try ${attempt.number}`, `${provinceTime(attempt.endedAt)} ${attemptText(attempt)}`] as const),
    ...steps.map(({ at, kind, by, why }) => [kind.replace(/^delivery\./, ""), `${provinceTime(at)} by ${by}: ${why}`] as const),
  ]
  return facts.map(([name, value]) => `${name.padEnd(10)} ${printable(value)}`).join("\n")
}

const shownDestinations = 100

export async function listDestinations({ database }: CommandContext, { json }: { readonly json?: boolean }): Promise<number> {
  const destinations = await createQueueStore({ database }).destinations(shownDestinations)
  if (json) for (const destination of destinations) print(JSON.stringify(destination))
  else if (destinations.length > 0) print(destinationTable(destinations))
  if (destinations.length === 0) say("Nothing waits for another server.")
  if (destinations.length === shownDestinations) say("The fullest are shown.")
  return exitCodes.ok
}

export function destinationTable(destinations: readonly DestinationSummary[]): string {
  const now = systemClock.now()
  const rows = destinations.map(({ destination, deliveries, byState, oldestAcceptedAt, diagnostic }) =>
    [destination, String(deliveries), Object.entries(byState).map(([state, count]) => `${count} ${state}`).join(", "), age(now - oldestAcceptedAt), diagnostic].map(printable),
  )
  return fitTable(["DESTINATION", "WAIT", "OF THEM", "OLDEST", "LAST WORDS"], rows)
}
