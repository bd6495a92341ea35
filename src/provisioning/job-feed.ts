import type { Scope } from "../accounts/administrator.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { BulkJob } from "../store/bulk-store.ts"

/** How far jobs are, read once a second for all who watch one, and not at all when nobody does. */
export interface JobFeed {
  /** Undefined: too many look on. Whoever watches has shown that he may. */
  watch(scope: Scope, id: number, told: (job: BulkJob) => void): (() => void) | undefined
}

export interface JobFeedParts {
  readonly read: (scope: Scope, id: number) => Promise<Result<BulkJob, Failure>>
  readonly onError: (error: unknown) => void
  readonly everyMs?: number
  readonly maxWatchers?: number
}

interface Watched {
  readonly scope: Scope
  readonly watchers: Set<(job: BulkJob) => void>
  readonly timer: NodeJS.Timeout
  reading: boolean
}

export function createJobFeed({ read, onError, everyMs = 1_000, maxWatchers = 100 }: JobFeedParts): JobFeed {
  const jobs = new Map<number, Watched>()
  let count = 0

  async function tell(id: number): Promise<void> {
    const watched = jobs.get(id)
    // a slow database is not asked again before it has answered
    if (!watched || watched.reading) return
    watched.reading = true
    try {
      const job = await read(watched.scope, id)
      if (job.ok) for (const told of watched.watchers) told(job.value)
    } catch (error) {
      onError(error)
    } finally {
      watched.reading = false
    }
  }

  return {
    watch(scope, id, told) {
      if (count >= maxWatchers) return undefined
      count++
      const watched = jobs.get(id) ?? { scope, watchers: new Set(), timer: setInterval(() => void tell(id), everyMs), reading: false }
      jobs.set(id, watched)
      watched.watchers.add(told)
      void tell(id)
      let stopped = false
      return () => {
        if (stopped) return
        stopped = true
        count--
        watched.watchers.delete(told)
        if (watched.watchers.size > 0) return
        clearInterval(watched.timer)
        jobs.delete(id)
      }
    },
  }
}
