import { parentPort } from "node:worker_threads"
import bcrypt from "bcrypt"

/** A thread that does nothing but bcrypt. Started by password-pool.ts. */
export interface PasswordTask {
  readonly id: number
  readonly password: string
  /** The hash there is now; when the password fits it, it stays. */
  readonly current: string | null
  readonly cost: number
}

export interface PasswordAnswer {
  readonly id: number
  /** Null: the password fits already. */
  readonly hash: string | null
}

parentPort?.on("message", ({ id, password, current, cost }: PasswordTask) => {
  const fits = current !== null && bcrypt.compareSync(password, current)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage({ id, hash: fits ? null : bcrypt.hashSync(password, cost) } satisfies PasswordAnswer)
})
