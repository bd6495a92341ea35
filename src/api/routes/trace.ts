import { z } from "zod"
import type { Clock } from "../../base/clock.ts"
import { traceQuestion } from "../../store/trace-question.ts"
import type { Trace, TraceStore, TraceSummary } from "../../store/trace-store.ts"
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

const maxAcceptances = 20
const usualPeriodMs = 30 * 86_400_000

export const traceRoutes = ({ traces, accountAddress, clock }: TraceRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/trace", scope: "trace:read",
    summary: "By Message-ID, SHA-256 or envelope number: the whole stories of the messages, newest first. By address: its recent messages, each to be asked for in turn.",
    input: z.strictObject({ of: z.string().min(1).max(1_000), since: time.optional(), limit: limit(500, 100) }), output: traceAnswer,
    async run({ of, since, limit }) {
      const question = traceQuestion(of)
      if (!question) return refused({ kind: "invalid", errors: [{ pointer: "of", detail: "is no Message-ID, SHA-256, number or address" }] })
      if (question.kind === "envelope") return told(await traces.byEnvelope(question.envelopeId).then((found) => (found ? [found] : [])))
      if (question.kind === "sha256") return told(await whole(traces, await traces.bySha256(question.sha256, maxAcceptances)))
      const byId = await traces.byMessageId(question.kind === "messageId" ? question.messageId : of.trim(), maxAcceptances)
      if (byId.length > 0 || question.kind === "messageId") return told(await whole(traces, byId))
      const account = accountAddress(of.trim())
      const addresses = account === undefined ? question.addresses : [...new Set([...question.addresses, account])]
      return answered({ messages: (await traces.byAddress(addresses, { since: since ?? clock.now() - usualPeriodMs, limit })).map(shownSummary) })
    },
  }),
]

async function whole(traces: TraceStore, summaries: readonly TraceSummary[]): Promise<readonly Trace[]> {
  const found: Trace[] = []
  for (const { envelopeId } of summaries) {
    const trace = await traces.byEnvelope(envelopeId)
    if (trace) found.push(trace)
  }
  return found
}

const told = (found: readonly Trace[]) => (found.length === 0 ? refused({ kind: "notFound" }) : answered({ traces: found.map(shownTrace) }))
