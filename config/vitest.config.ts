import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Who start whole systems take longest and wait most: they begin, so that at the end no processor is left with nothing to do. */
const longest = ["tests/console/browser/", "tests/flows/crash.test.ts", "tests/flows/", "tests/cli/", "tests/platform/"]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = longest.findIndex((part) => moduleId.includes(part))
  return at < 0 ? longest.length : at
}

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/compile-cache.ts", "tests/support/postgres-server.ts"],
    pool: "forks",
    maxWorkers: 2,
    // a test file closes what it opens and keeps nothing in modules: a process for each would load the same ones a hundred times
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
