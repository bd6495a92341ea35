import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadOrCreateKey } from "../../src/base/key-file.ts"

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-key-"))
})
afterAll(() => rm(dir, { recursive: true }))

test("callers that start at once agree on one key, which only its owner may read", async () => {
  const path = join(dir, "keys/one.key")
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateKey(path)))
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1)
  expect(keys[0]).toHaveLength(32)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(dir, "keys"))).toEqual(["one.key"])
  expect(await loadOrCreateKey(path)).toEqual(keys[0])
})

test("a file that is no key, or that others may read, is refused", async () => {
  const path = join(dir, "bad.key")
  await writeFile(path, "abc", { mode: 0o600 })
  await expect(loadOrCreateKey(path)).rejects.toThrow("is not a key of 32 bytes in hex")
  await writeFile(path, "ab".repeat(32))
  await chmod(path, 0o644)
  await expect(loadOrCreateKey(path)).rejects.toThrow("chmod 600")
})
