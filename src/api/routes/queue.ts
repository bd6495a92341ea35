import { z } from "zod"
import { bounceClasses } from "../../store/delivery-store.ts"
import { type QueueAction, queueActions } from "../../store/queue-action.ts"
import { maxActed, maxPage, type QueueFilter, queueStates, type QueueStore } from "../../store/queue-store.ts"
import { steerAll, steerSome } from "../../store/steer-queue.ts"
import { countsAnswer, deliveriesAnswer, deliveryAnswer, destinationsAnswer, outcomesAnswer, steeredAnswer } from "../answers/queue.ts"
import { address, destination, id, limit, time, why } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { shownDelivery, shownDestination, shownRecord } from "../shown.ts"
import { outcomeText } from "../text/problem.ts"
import { tokenName } from "../token-scope.ts"

/** The queue over HTTP: seen page by page, one delivery steered at a time. */
export interface QueueRoutesParts {
  readonly queue: QueueStore
  /** The account of an address or alias; undefined when there is none. */
  readonly accountOf: (address: string) => number | undefined
  /** Tells the workers what is due now; must not throw. */
  readonly wake: (deliveries: { readonly local: readonly number[]; readonly remote: readonly number[] }) => void
}

const maxSteered = 5_000

const filters = {
  state: z.enum(queueStates).optional(), destination: destination.optional(), sender: address.optional(), recipient: address.optional(), acceptedBefore: time.optional(),
  text: z.string().max(200).optional(), bounceClass: z.enum(bounceClasses).optional(), account: address.optional(),
}

const listed = z.strictObject({ ...filters, limit: limit(maxPage, 100), after: id.optional() })

export const queueRoutes = ({ queue, accountOf, wake }: QueueRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/queue", scope: "queue:read", summary: "Open deliveries that fit all of the filters, oldest first; the next page is `after` the last id.", input: listed, output: deliveriesAnswer,
    async run({ limit, after, account, ...rest }) {
      const accountId = account === undefined ? undefined : accountOf(account)
      if (account !== undefined && accountId === undefined) return answered({ deliveries: [], next: null })
      const deliveries = await queue.list(filterOf({ ...rest, accountId }), { limit, ...(after !== undefined && { after }) })
      return answered({ deliveries: deliveries.map(shownDelivery), next: deliveries.length === limit ? (deliveries.at(-1)?.id ?? null) : null })
    },
  }),
  route({
    method: "get", path: "/queue/destinations", scope: "queue:read", summary: "How many deliveries wait for each destination, the fullest first.", input: z.strictObject({ limit: limit(1_000, 100) }), output: destinationsAnswer,
    run: async ({ limit }) => answered({ destinations: (await queue.destinations(limit)).map(shownDestination) }),
  }),
  route({
    method: "get", path: "/queue/count", scope: "queue:read", summary: "How many open deliveries fit all of the filters, by state.", input: z.strictObject(filters), output: countsAnswer,
    async run({ account, ...rest }) {
      const accountId = account === undefined ? undefined : accountOf(account)
      return answered({ counts: account !== undefined && accountId === undefined ? {} : await queue.count(filterOf({ ...rest, accountId })) })
    },
  }),
  route({
    method: "post", path: "/queue/actions", scope: "queue:write", summary: `One action on the deliveries of these numbers, or on all that fit the filters, at most ${maxSteered} at a time.`, output: outcomesAnswer, maxBodyBytes: 64 * 1024,
    input: z.strictObject({ action: z.enum(queueActions), ids: z.array(id).min(1).max(maxActed).optional(), filter: z.strictObject(filters).optional(), why: why.default("") }),
    async run({ action, ids, filter, why: reason }, caller) {
      if ((ids === undefined) === (filter === undefined)) return refused({ kind: "invalid", errors: [{ pointer: "ids", detail: "either `ids` or `filter` is needed, and not both" }] })
      if (reasonNeeded(action) && reason === "") return refused({ kind: "invalid", errors: [{ pointer: "why", detail: "is needed for this action" }] })
      const by = { by: tokenName(caller), why: reason }
      if (ids) return answered({ outcomes: Object.fromEntries(await steerSome(queue, { action, ids, by })) })
      const { account, ...rest } = filter ?? {}
      const accountId = account === undefined ? undefined : accountOf(account)
      if (account !== undefined && accountId === undefined) return answered({ outcomes: {} })
      return answered({ outcomes: Object.fromEntries(await steerAll(queue, { action, filter: filterOf({ ...rest, accountId }), by, limit: maxSteered })) })
    },
  }),
  route({
    method: "get", path: "/queue/:id", scope: "queue:read", summary: "One delivery, settled or not: every attempt with the peer's words and TLS, and what people did to it.", input: z.strictObject({ id }), output: deliveryAnswer,
    async run({ id }) {
      const found = await queue.find(id)
      return found ? answered(shownRecord(found)) : refused({ kind: "notFound" })
    },
  }),
  ...queueActions.map((action) =>
    route({
      ...(action === "delete" ? ({ method: "delete", path: "/queue/:id" } as const) : ({ method: "post", path: `/queue/:id/${action}` } as const)),
      scope: "queue:write", summary: summaries[action], input: z.strictObject({ id, why: reasonNeeded(action) ? why.min(1) : why.default("") }), output: steeredAnswer,
      async run({ id, why }, caller) {
        const [outcome = "notFound"] = await queue.act(action, [id], { by: tokenName(caller), why })
        if (outcome === "notFound") return refused({ kind: "notFound" })
        if (outcome !== "done" && outcome !== "unchanged") return refused({ kind: "conflict", detail: outcomeText[outcome] })
        const now = await queue.find(id)
        if (now && outcome === "done" && (action === "release" || action === "retry")) wake(now.local ? { local: [id], remote: [] } : { local: [], remote: [id] })
        return now ? answered({ outcome, delivery: shownRecord(now) }) : refused({ kind: "notFound" })
      },
    }),
  ),
]

const reasonNeeded = (action: QueueAction): boolean => action !== "release" && action !== "retry"

const summaries = {
  hold: "Stop a delivery until it is released; the time does not count.", release: "Let a delivery go on that was held, at once.", retry: "Try a delivery now.",
  bounce: "Give a delivery up; its sender is told, with the reason.", delete: "Give a delivery up without a word to anybody.",
} as const satisfies Record<QueueAction, string>

type Filters = Omit<z.output<z.ZodObject<typeof filters>>, "account"> & { readonly accountId: number | undefined }

const filterOf = ({ state, destination, sender, recipient, acceptedBefore, text, bounceClass, accountId }: Filters): QueueFilter => ({
  ...(state !== undefined && { state }), ...(destination !== undefined && { destination }), ...(sender !== undefined && { sender: sender.replace(/^<(.*)>$/, "$1") }),
  ...(recipient !== undefined && { recipient }), ...(acceptedBefore !== undefined && { acceptedBefore }),
  ...(text !== undefined && { diagnostic: text }), ...(bounceClass !== undefined && { bounceClass }), ...(accountId !== undefined && { accountId }),
})
