import { chmod, mkdtemp, rm, statfs } from "node:fs/promises"
import { freemem } from "node:os"
import { join } from "node:path"

/**
 * Temporary files of a test run are kept in memory where there is enough of it: hundreds of databases and dozens of data folders are copied for it, and a copy on a
 * disk takes twenty times as long (a database: 470 ms of CPU, here 25). What tests kill are processes, which memory outlives as a disk does.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[variable] !== undefined || !(await isRoomy())) return async () => undefined
  const folder = await mkdtemp(join(memory, "congthu-tests-"))
  // other servers, which run as users of their own, find their files below it, as below /tmp
  await chmod(folder, 0o1777)
  process.env[variable] = folder
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

const variable = "TMPDIR"
const memory = "/dev/shm"
const wantedBytes = 8 * 1024 ** 3

async function isRoomy(): Promise<boolean> {
  const room = await statfs(memory).then(({ bavail, bsize }) => bavail * bsize, () => 0)
  return room >= wantedBytes && freemem() >= wantedBytes
}
