import { traceQuestion } from "./trace-question.ts"
import type { Trace, TraceStore, TraceSummary } from "./trace-store.ts"

/** From what somebody knows of a message to its story, or to the messages among which it may be. The same for command line, API and console. */
export interface TraceSearch {
  /** A Message-ID, a SHA-256 in hex, the number of an envelope, or an address. */
  readonly what: string
  /** Of an address: not before; ms since the epoch. */
  readonly since: number
  /** Of an address: the most that are listed. */
  readonly limit: number
}

export type TracesFound =
  | { readonly kind: "invalid" }
  /** Of one message; empty when it is not known. */
  | { readonly kind: "traces"; readonly traces: readonly Trace[] }
  /** Of an address, newest first. */
  | { readonly kind: "messages"; readonly messages: readonly TraceSummary[] }

/** A Message-ID that came so often is a circular, or a loop. */
export const maxAcceptances = 20

/** `accountAddress`: the address of the account that an address or alias means, under which its deliveries are kept. */
export async function findTraces(traces: TraceStore, accountAddress: (address: string) => string | undefined, { what, since, limit }: TraceSearch): Promise<TracesFound> {
  const question = traceQuestion(what)
  if (!question) return { kind: "invalid" }
  switch (question.kind) {
    case "envelope": {
      const found = await traces.byEnvelope(question.envelopeId)
      return { kind: "traces", traces: found ? [found] : [] }
    }
    case "sha256":
      return whole(traces, await traces.bySha256(question.sha256, maxAcceptances))
    case "messageId":
      return whole(traces, await traces.byMessageId(question.messageId, maxAcceptances))
    case "address": {
      const byId = await traces.byMessageId(what.trim(), maxAcceptances)
      if (byId.length > 0) return whole(traces, byId)
      const account = accountAddress(what.trim())
      const addresses = account === undefined ? question.addresses : [...new Set([...question.addresses, account])]
      return { kind: "messages", messages: await traces.byAddress(addresses, { since, limit }) }
    }
  }
}

async function whole(traces: TraceStore, summaries: readonly TraceSummary[]): Promise<TracesFound> {
  const found: Trace[] = []
  for (const { envelopeId } of summaries) {
    const trace = await traces.byEnvelope(envelopeId)
    if (trace) found.push(trace)
  }
  return { kind: "traces", traces: found }
}
