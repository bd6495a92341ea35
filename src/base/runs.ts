import { randomUUID } from "node:crypto"
import type { Clock } from "./clock.ts"

/**
 * Work that takes longer than a page may: started by a form, looked at by its id, cancelled, its result kept for an hour. It lives in this process: whoever
 * restarts the console starts such work anew. Must not know: what the work is.
 */
export interface Runs<Result> {
  /** Undefined when as many as may are under way. */
  start(by: string, work: (control: RunControl) => Promise<Result>): Run<Result> | undefined
  find(id: string): Run<Result> | undefined
  /** The last that was started. */
  last(): Run<Result> | undefined
  cancel(id: string): void
}

export interface RunControl {
  readonly signal: AbortSignal
  progress(done: number, total: number): void
}

export interface Run<Result> {
  readonly id: string
  readonly by: string
  readonly startedAt: number
  readonly done: number
  readonly total: number
  readonly state: RunState<Result>
}

export type RunState<Result> = { readonly kind: "running" } | { readonly kind: "done"; readonly result: Result; readonly at: number } | { readonly kind: "cancelled" } | { readonly kind: "failed" }

export interface RunsOptions {
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  /** At the same time. */
  readonly most?: number
}

const keepMs = 3_600_000
const maxKept = 20

interface Kept<Result> extends Run<Result> {
  done: number
  total: number
  state: RunState<Result>
  readonly abort: AbortController
}

export function createRuns<Result>({ clock, onError, most = 1 }: RunsOptions): Runs<Result> {
  const runs = new Map<string, Kept<Result>>()
  const tidy = (): void => {
    for (const [id, { state, startedAt }] of runs) if (state.kind !== "running" && (runs.size > maxKept || clock.now() - startedAt > keepMs)) runs.delete(id)
  }
  return {
    start(by, work) {
      tidy()
      if ([...runs.values()].filter(({ state }) => state.kind === "running").length >= most) return undefined
      const run: Kept<Result> = { id: randomUUID(), by, startedAt: clock.now(), done: 0, total: 0, state: { kind: "running" }, abort: new AbortController() }
      runs.set(run.id, run)
      const progress = (done: number, total: number): void => void Object.assign(run, { done, total })
      void (async () => {
        try {
          const result = await work({ signal: run.abort.signal, progress })
          run.state = run.abort.signal.aborted ? { kind: "cancelled" } : { kind: "done", result, at: clock.now() }
        } catch (error) {
          run.state = run.abort.signal.aborted ? { kind: "cancelled" } : { kind: "failed" }
          if (!run.abort.signal.aborted) onError(error)
        }
      })()
      return run
    },
    find: (id) => runs.get(id),
    last: () => [...runs.values()].at(-1),
    cancel: (id) => runs.get(id)?.abort.abort(),
  }
}
