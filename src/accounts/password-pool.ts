import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { normalPassword } from "./credential.ts"
import type { PasswordAnswer, PasswordTask } from "./password-worker.ts"

/** bcrypt on all cores, for thousands of passwords at once: threads of our own, because libuv has four whatever the machine has. */
export interface PasswordPool {
  /** The new hash, or null when `current` fits the password already. */
  hash(password: string, current: string | null): Promise<string | null>
  readonly threads: number
  close(): Promise<void>
}

export function createPasswordPool(cost: number, threads = availableParallelism()): PasswordPool {
  const waiting = new Map<number, { readonly resolve: (hash: string | null) => void; readonly reject: (error: Error) => void }>()
  let lastId = 0
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL("password-worker.ts", import.meta.url))
    worker.on("message", ({ id, hash }: PasswordAnswer) => {
      waiting.get(id)?.resolve(hash)
      waiting.delete(id)
    })
    worker.on("error", fail)
    return worker
  })
  return {
    threads,
    hash: (password, current) =>
      new Promise((resolve, reject) => {
        const id = lastId++
        waiting.set(id, { resolve, reject })
        workers[id % threads]?.postMessage({ id, password: normalPassword(password), current, cost } satisfies PasswordTask)
      }),
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
