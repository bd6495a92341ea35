import { randomBytes } from "node:crypto"
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises"
import { dirname } from "node:path"
import { randomId } from "./id.ts"

const keyBytes = 32

/**
 * The secret key in a file (32 bytes, hex), made at the first call: mode 0600 and on disk before it is used, because what it
 * seals is lost without it. Processes that start at once agree on one key. Throws when the file is not such a key or others may read it.
 */
export async function loadOrCreateKey(path: string): Promise<Buffer> {
  return (await readKey(path)) ?? (await createKey(path)) ?? (await readKey(path)) ?? refuse(path, "vanished while it was read")
}

async function readKey(path: string): Promise<Buffer | undefined> {
  let text: string
  try {
    text = (await readFile(path, "latin1")).trim()
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined
    throw error
  }
  if (((await stat(path)).mode & 0o077) !== 0) return refuse(path, "must be readable by its owner only (chmod 600)")
  if (!/^[0-9a-f]{64}$/i.test(text)) return refuse(path, "is not a key of 32 bytes in hex")
  return Buffer.from(text, "hex")
}

/** Written under another name and linked into place: nobody ever reads half a key. Undefined when somebody else was first. */
async function createKey(path: string): Promise<Buffer | undefined> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const making = `${path}.${randomId()}`
  const key = randomBytes(keyBytes)
  const file = await open(making, "wx", 0o600)
  try {
    await file.writeFile(`${key.toString("hex")}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(making, path)
    await syncFolder(dirname(path))
    return key
  } catch (error) {
    if (isCode(error, "EEXIST")) return undefined
    throw error
  } finally {
    await unlink(making)
  }
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code

const refuse = (path: string, reason: string): never => {
  throw new Error(`key file ${path} ${reason}`)
}
