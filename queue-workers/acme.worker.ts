import type { Logger } from "pino"
import type { CertificateKeeper } from "../src/acme/certificate-keeper.ts"
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
  let underWay: Promise<unknown> | undefined
  const run = (evenInRest = false): void => {
    underWay ??= exclusively(() => keeper.run({ evenInRest }))
      .catch((error: unknown) => log.error({ err: error }, "acme: the certificate could not be looked after"))
      .finally(() => (underWay = undefined))
  }
  const timer = setInterval(() => run(), everyMs)
  run()
  onReload(() => run(true))
  return {
    async close() {
      clearInterval(timer)
      await keeper.close()
      await underWay
    },
  }
}
