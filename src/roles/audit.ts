import { join } from "node:path"
import type { AuditWorkerParts } from "../../queue-workers/audit.worker.ts"
import type { App } from "../app.ts"
import { loadOrCreateKey, readKey } from "../base/key-file.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { type AuditKey, auditKey } from "../store/audit/head.ts"
import { createAuditUpkeep } from "../store/audit/upkeep.ts"
import { createAuditChain } from "../store/sql/audit-chain.ts"
import { said } from "../telemetry/health-words.ts"
import { openStamp } from "./stamp.ts"

/** What the role `worker` does for the audit, and what is shown of it. */
export async function auditUpkeep(app: App): Promise<Omit<AuditWorkerParts, "log">> {
  const { database, context: { config, clock, health, metrics } } = app
  const chain = createAuditChain({ database })
  const lagMs = async (): Promise<number> => (await chain.state()).lagMs
  metrics.gauge("audit_seal_lag_seconds", "Age of the oldest audit entry that is not in the chain.", async () => (await lagMs()) / 1000)
  metrics.gauge("audit_sealed", "Entries in the audit's chain since it began.", async () => (await chain.state()).position)
  health.add("audit", async () => {
    const { lagMs, position, headAt, headPosition } = await chain.state()
    const late = lagMs > lateMs
    const headLate = position > headPosition && headAt !== null && clock.now() - headAt > 2 * config.audit.head + lateMs
    if (late) return { warning: [said("auditLate", { seconds: Math.round(lagMs / 1000) })] }
    if (headLate) return { warning: [said("auditHeadLate", { at: headAt })] }
    return [said("auditSealed", { count: position })]
  })
  const stamp = openStamp(app)
  return {
    upkeep: createAuditUpkeep({
      chain, key: await loadAuditKey(config), system: config.hostname, headEveryMs: config.audit.head, keepMs: config.audit.keep, clock,
      stamp: stamp && ((signature) => Promise.resolve(stamp(signature, "sha256"))),
    }),
    exclusively: app.exclusive("auditSeals"),
    everyMs: config.audit.seal,
  }
}

/** Longer than any transaction of ours should take. */
const lateMs = 60_000

/** Made at the first start; one that configuration names is there. */
export const loadAuditKey = async (config: Config): Promise<AuditKey> =>
  auditKey(await (config.audit.keyFile === "" ? loadOrCreateKey(join(config.dataDir, "keys", "audit.key")) : readKey(pathOr(config, config.audit.keyFile, ""))))
