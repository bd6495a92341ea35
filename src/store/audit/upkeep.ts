import type { Clock } from "../../base/clock.ts"
import { type AuditChain, nextHead } from "../audit-store.ts"
import { type AuditKey, signHead } from "./head.ts"

/** What keeps the chain up to date: run every second by one process at a time, harmless at any moment. */
export interface AuditUpkeep {
  /** Seals what was committed, signs a head when it is time, deletes what is too old. */
  run(): Promise<void>
  /** Seals and signs what there is: the process ends. Asks no time-stamping authority. */
  end(): Promise<void>
  /** Signs now. False where the chain has not grown since the last head. */
  sign(): Promise<boolean>
}

export interface AuditUpkeepParts {
  readonly chain: AuditChain
  readonly key: AuditKey
  /** The server's name, in the heads. */
  readonly system: string
  readonly headEveryMs: number
  /** 0: entries are kept for ever. */
  readonly keepMs: number
  /** RFC 3161 token on a signature; undefined when nobody is asked, or nobody answers. */
  readonly stamp?: ((signature: Uint8Array) => Promise<Uint8Array | undefined>) | undefined
  readonly clock: Clock
}

export function createAuditUpkeep({ chain, key, system, headEveryMs, keepMs, stamp, clock }: AuditUpkeepParts): AuditUpkeep {
  const sign = async (stampIt: typeof stamp): Promise<boolean> => {
    const unsigned = nextHead(await chain.tip(), await chain.lastHead(), { at: clock.now(), system })
    if (!unsigned) return false
    const head = signHead(unsigned, key)
    return chain.addHead({ ...head, stamp: (await stampIt?.(head.signature)) ?? null })
  }
  return {
    sign: () => sign(stamp),
    async run() {
      await chain.seal()
      const { position, headAt, headPosition } = await chain.state()
      // a head of a time that has not come says nothing of when the next is due
      const isFresh = headAt !== null && headAt <= clock.now() && clock.now() - headAt < headEveryMs
      if (position === headPosition || isFresh) return
      await sign(stamp)
      if (keepMs > 0) await chain.forget(clock.now() - keepMs)
    },
    async end() {
      await chain.seal()
      await sign(undefined)
    },
  }
}
