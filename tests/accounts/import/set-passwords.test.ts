import bcrypt from "bcrypt"
import { afterAll, beforeAll, expect, test } from "vitest"
import { setPasswords } from "../../../src/accounts/import/set-passwords.ts"
import { createPasswordPool, type PasswordPool } from "../../../src/accounts/password-pool.ts"
import { createProvisioningStore } from "../../../src/store/sql/provisioning.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"

let database: TestDatabase
let pool: PasswordPool
beforeAll(async () => {
  database = await createTestDatabase(2)
  pool = createPasswordPool(4, 2)
  await database.query({
    text: `INSERT INTO organization_unit (code, name, kind, domain) VALUES ('U', 'x', 'province', 'tinh.example');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT 'a' || n || '@tinh.example', 'personal', 'x', 'U', 1 FROM generate_series(1, 450) AS n;`,
  })
})
afterAll(async () => {
  await pool.close()
  await database.drop()
})

const rows = Array.from({ length: 450 }, (_, n) => ({ address: `a${n + 1}@tinh.example`, password: `Mật khẩu ${n + 1}` }))
const run = async (given: typeof rows) => {
  const progress: string[] = []
  const outcome = await setPasswords(given, { store: createProvisioningStore(database), pool, onProgress: (done, total) => progress.push(`${done}/${total}`) })
  return { ...outcome, progress }
}
const live = () => database.query<{ hash: string; address: string }>({ text: "SELECT c.hash, a.address FROM credential c JOIN account a ON a.id = c.account_id WHERE revoked_at IS NULL ORDER BY a.id" })

test("each account gets its password; those that fit already are left alone", async () => {
  const first = await run(rows)
  expect(first).toMatchObject({ set: 450, unchanged: 0 })
  expect(first.progress).toHaveLength(450)
  expect(first.progress.at(-1)).toBe("450/450")
  const before = await live()
  expect(before).toHaveLength(450)
  expect(await bcrypt.compare("Mật khẩu 450", before.at(-1)?.hash ?? "")).toBe(true)

  // also when the file is written with decomposed letters
  expect(await run(rows.map(({ address, password }) => ({ address, password: password.normalize("NFD") })))).toMatchObject({ set: 0, unchanged: 450 })
  expect(await live()).toEqual(before)

  expect(await run(rows.map((row, n) => (n === 300 ? { ...row, password: "Một cái khác" } : row)))).toMatchObject({ set: 1, unchanged: 449 })
  const after = await live()
  expect(after.filter((row, n) => row.hash !== before[n]?.hash).map(({ address }) => address)).toEqual(["a301@tinh.example"])
})
