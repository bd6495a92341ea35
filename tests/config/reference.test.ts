import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { configurationReference, referenceFile } from "../../src/config/reference.ts"

test("docs/configuration.md is what the schema says (npm run docs)", () => {
  expect(readFileSync(referenceFile, "utf8")).toBe(configurationReference())
})
