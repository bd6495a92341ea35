/** Durations in milliseconds, and what is said of them. */
export class Samples {
  private readonly values: number[] = []

  add(value: number): void {
    this.values.push(value)
  }

  /** The value that the share `at` (0 to 1) of all samples does not exceed. */
  quantile(at: number): number {
    const sorted = this.values.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN
  }

  get p50(): number {
    return this.quantile(0.5)
  }

  get p99(): number {
    return this.quantile(0.99)
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN

/** The result of `work` and the milliseconds it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const from = performance.now()
  const value = await work()
  return { value, ms: performance.now() - from }
}

/** Does `count` jobs, `parallel` at a time; `job` is told its number and which of the parallel lanes it runs on. */
export async function inParallel(count: number, parallel: number, job: (index: number, lane: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (_: unknown, number: number): Promise<void> => {
    for (let index = next++; index < count; index = next++) await job(index, number)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, lane))
}
