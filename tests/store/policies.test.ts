import { afterEach, expect, test } from "vitest"
import { createPolicyStore } from "../../src/store/sql/policies.ts"
import { policyStoreContract } from "../contracts/policy-store.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { unwrap } from "../support/store.ts"

const databases: TestDatabase[] = []
const newDatabase = async (): Promise<TestDatabase> => {
  const database = await createTestDatabase(6)
  databases.push(database)
  return database
}
afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop()
})

policyStoreContract("PostgreSQL", async () => {
  const database = await newDatabase()
  return { one: createPolicyStore(database), other: createPolicyStore(database) }
})

test("each change has an audit entry that says who and why", async () => {
  const database = await newDatabase()
  const policies = createPolicyStore(database)
  unwrap(await policies.apply({ yaml: "a", by: "quantri", why: "Công văn 12" }))
  await policies.applyFile({ yaml: "b", by: "smtp" })
  const entries = await database.query<{ detail: unknown }>({ text: "SELECT detail FROM audit WHERE kind = 'policy.applied' ORDER BY id" })
  expect(entries.map(({ detail }) => detail)).toMatchObject([
    { version: 1, source: "command", by: "quantri", why: "Công văn 12", before: null },
    { version: 2, source: "file", by: "smtp", why: "", before: 1 },
  ])
})
