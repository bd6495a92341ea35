import { setImmediate as breathe } from "node:timers/promises"
import type { RunControl } from "../base/runs.ts"
import type { AuditChain } from "../store/audit-store.ts"
import { readChain, type VerifyOptions } from "../store/audit/read-chain.ts"
import type { Verified } from "../store/audit/verify-chain.ts"
import { wrongStamps } from "../store/audit/wrong-stamps.ts"

/** Hashed without a pause: some 2 ms. */
const atOnce = 50

/** The whole chain verified beside what a role does for others. */
export async function verifyAudit(chain: AuditChain, trust: Pick<VerifyOptions, "keys" | "keepMs" | "now">, { signal, progress }: RunControl): Promise<Verified> {
  const [{ position: start }, { position: end }] = await Promise.all([chain.checkpoint(), chain.tip()])
  const paced: AuditChain = {
    ...chain,
    async *entries(afterId, throughId) {
      let done = 0
      for await (const entry of chain.entries(afterId, throughId)) {
        yield entry
        if (++done % atOnce > 0) continue
        progress(Math.min(done, end - start), end - start)
        await breathe()
        signal.throwIfAborted()
      }
    },
  }
  const report = await readChain(paced, { heads: [], ...trust })
  return { ...report, badStamps: await wrongStamps(await chain.heads(0), trust.now) }
}
