import type { Clock } from "../base/clock.ts"
import type { Suppression, SuppressionStore } from "./suppression-store.ts"

/** An administrator's word, and the count's, is heard within this. */
const freshMs = 5_000
/** Beyond it each recipient is asked for by itself. */
const maxEntries = 50_000

/** The suppression list as one process remembers it, so that most RCPTs do not wait for the store. Rejects when the list cannot be read and is needed. */
export function createSuppressionView({ suppressions, clock }: { readonly suppressions: Pick<SuppressionStore, "inForce" | "list">; readonly clock: Clock }): Pick<SuppressionStore, "inForce"> {
  let known: { readonly at: number; readonly entries: ReadonlyMap<string, Suppression>; readonly whole: boolean } | undefined
  let reading: Promise<void> | undefined
  const read = async (): Promise<void> => {
    const at = clock.now()
    const list = await suppressions.list({ limit: maxEntries, counted: false })
    known = { at, entries: new Map(list.map((entry) => [entry.recipient, entry])), whole: list.length < maxEntries }
  }
  return {
    async inForce(recipient) {
      if (!known || clock.now() - known.at >= freshMs) await (reading ??= read().finally(() => (reading = undefined)))
      if (!known?.whole) return suppressions.inForce(recipient)
      const entry = known.entries.get(recipient)
      return entry && entry.until !== null && entry.until > clock.now() ? entry : undefined
    },
  }
}
