import type { Logger } from "pino"
import type { CertificateKeeper } from "../src/acme/certificate-keeper.ts"
import { runRegularly } from "../src/base/regularly.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface AcmeWorkerParts {
  readonly keeper: CertificateKeeper
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  /** Hears when an administrator wants it looked at now. */
  readonly onReload: (reload: () => void) => void
  readonly log: Logger
}

/** Looks now and then, in one process at a time, whether the listeners' certificate is to be renewed. */
export function startAcmeWorker({ keeper, exclusively, everyMs, onReload, log }: AcmeWorkerParts): RunningWorker {
  let evenInRest = false
  const work = (): Promise<void> => {
    const asked = evenInRest
    evenInRest = false
    return keeper.run({ evenInRest: asked })
  }
  const regular = runRegularly({ everyMs, atStart: true, work: () => exclusively(work), failed: (error) => log.error({ err: error }, "acme: the certificate could not be looked after") })
  onReload(() => {
    evenInRest = true
    void regular.run()
  })
  return {
    async close() {
      const ended = regular.close()
      await keeper.close()
      await ended
    },
  }
}
