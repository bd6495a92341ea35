import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/**
 * Who start whole systems take longest and wait most: they begin, so that at the end no processor is left with nothing to do. The foreign servers' networks
 * come and go behind them: a browser gives up what it loads when one does.
 */
const order: readonly (readonly [part: string, rank: number])[] = [
  ["tests/console/browser/", 0], ["tests/flows/crash.test.ts", 1], ["/foreign-", 7], ["tests/flows/", 2], ["tests/platform/", 3], ["tests/cli/", 4],
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

const rank = ({ moduleId }: TestSpecification): number => order.find(([part]) => moduleId.includes(part))?.[1] ?? order.length

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/memory-folder.ts", "tests/support/compile-cache.ts", "tests/support/programs.ts", "tests/support/postgres-server.ts"],
    // sources run as Node runs them: nothing is transformed, and what one process has compiled the others find in the cache
    experimental: { viteModuleRunner: false, nodeLoader: false },
    pool: "forks",
    // half of the time goes by in waiting: for sockets and for processes that start, stop and retry
    maxWorkers: Math.min(2 * availableParallelism(), 8),
    // a test file closes what it opens and keeps nothing in modules: a process for each would load the same ones a hundred times
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
})
