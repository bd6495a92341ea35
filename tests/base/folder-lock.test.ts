import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { lockFolder } from "../../src/base/folder-lock.ts"

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-lock-"))
})
afterAll(() => rm(dir, { recursive: true }))

test("a folder has one holder, whatever name it is reached by", async () => {
  const other = `${dir}-link`
  await symlink(dir, other)
  const lock = await lockFolder(dir)
  expect(await lockFolder(other)).toBeUndefined()
  await lock?.release()
  const again = await lockFolder(other)
  expect(again).toBeDefined()
  await again?.release()
  await rm(other)
})

test("the lock of a process that was killed is free at once", async () => {
  const script = `const { lockFolder } = await import(${JSON.stringify(new URL("../../src/base/folder-lock.ts", import.meta.url).href)}); await lockFolder(${JSON.stringify(dir)}); process.stdout.write("held"); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] })
  await once(holder.stdout, "data")
  expect(await lockFolder(dir)).toBeUndefined()
  holder.kill("SIGKILL")
  await once(holder, "exit")
  const lock = await lockFolder(dir)
  expect(lock).toBeDefined()
  await lock?.release()
})
