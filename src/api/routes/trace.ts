import { z } from "zod"
import type { Clock } from "../../base/clock.ts"
import { findTraces } from "../../store/find-traces.ts"
import type { TraceStore } from "../../store/trace-store.ts"
import { traceAnswer } from "../answers/trace.ts"
import { limit, time } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { shownSummary, shownTrace } from "../shown.ts"

/** A message's story over HTTP. */
export interface TraceRoutesParts {
  readonly traces: TraceStore
  /** The canonical address of the account that an address or alias means; undefined when there is none. */
  readonly accountAddress: (address: string) => string | undefined
  readonly clock: Clock
}

const usualPeriodMs = 30 * 86_400_000

export const traceRoutes = ({ traces, accountAddress, clock }: TraceRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/trace", scope: "trace:read",
    summary: "By Message-ID, SHA-256 or envelope number: the whole stories of the messages, newest first. By address: its recent messages, each to be asked for in turn.",
    input: z.strictObject({ of: z.string().min(1).max(1_000), since: time.optional(), limit: limit(500, 100) }), output: traceAnswer,
    async run({ of, since, limit }) {
      const found = await findTraces(traces, accountAddress, { what: of, since: since ?? clock.now() - usualPeriodMs, limit })
      if (found.kind === "invalid") return refused({ kind: "invalid", errors: [{ pointer: "of", detail: "is no Message-ID, SHA-256, number or address" }] })
      if (found.kind === "messages") return answered({ messages: found.messages.map(shownSummary) })
      return found.traces.length === 0 ? refused({ kind: "notFound" }) : answered({ traces: found.traces.map(shownTrace) })
    },
  }),
]
