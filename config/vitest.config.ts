import { defineConfig } from "vitest/config"

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/compile-cache.ts", "tests/support/postgres-server.ts"],
    pool: "forks",
    maxWorkers: 2,
    // a test file closes what it opens and keeps nothing in modules: a process for each would load the same ones a hundred times
    isolate: false,
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
