import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import { defaultTable } from "./default-table.ts"

/** `npx vitest run -u … default-policy` writes the file anew, for its difference to be read. */
test("the default policy decides every combination as the reference says", async () => {
  const read = readPolicy(readFileSync(new URL("../../config/policy.yaml", import.meta.url), "utf8"))
  if (!read.ok) throw new Error("the default policy is bad")
  await expect(defaultTable(compilePolicy(read.value))).toMatchFileSnapshot("default-policy.ref")
})
