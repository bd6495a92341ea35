/**
 * What the board may change, as its requests say it: jobs run again, brought forward or removed, queues paused. Jobs carry numbers only and each may run twice, so none
 * of this loses mail. All else that the board could do is refused: jobs that somebody makes up, data that somebody edits, queues that are wiped out. Pure.
 */
export interface BoardAction {
  readonly action: "retried" | "retriedAll" | "promoted" | "promotedAll" | "removed" | "removedAll" | "paused" | "resumed" | "pausedAll" | "resumedAll"
  readonly queue: string | null
  readonly job: string | null
}

/** `-` keeps the names of actions apart from numbers of jobs: jobs of ours are numbers. */
const rules: readonly (readonly [RegExp, BoardAction["action"]])[] = [
  [/^\/api\/queues\/pause$/, "pausedAll"],
  [/^\/api\/queues\/resume$/, "resumedAll"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/pause$/, "paused"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/resume$/, "resumed"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/promote$/, "promotedAll"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/retry\/failed$/, "retriedAll"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/clean\/(?:failed|completed|delayed|wait)$/, "removedAll"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/(?<job>[\w-]{1,64})\/retry$/, "retried"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/(?<job>[\w-]{1,64})\/promote$/, "promoted"],
  [/^\/api\/queues\/(?<queue>[a-z]+)\/(?<job>[\w-]{1,64})\/clean$/, "removed"],
]

/** Undefined: the board may not do that. `path` is below the board's own. */
export function boardAction(method: string, path: string): BoardAction | undefined {
  if (method !== "PUT") return undefined
  for (const [pattern, action] of rules) {
    const found = pattern.exec(path)
    if (found) return { action, queue: found.groups?.["queue"] ?? null, job: found.groups?.["job"] ?? null }
  }
  return undefined
}
