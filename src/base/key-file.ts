import { randomBytes } from "node:crypto"
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { randomId } from "./id.ts"

const keyBytes = 32

/** The 32-byte key (hex) in a file. Throws when the file cannot be read or holds anything else. */
export async function readKey(file: string): Promise<Buffer> {
  const text = (await readFile(file, "latin1")).trim()
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error(`${file} is not a key of ${keyBytes} bytes in hex`)
  return Buffer.from(text, "hex")
}

/**
 * The same for a key of our own, made at the first start: mode 0600 and on disk before it is used, because what it seals is
 * lost without it. Of several processes that make it at once one wins and all read its key. Throws when others may read the file.
 */
export async function loadOrCreateKey(file: string): Promise<Buffer> {
  if (!(await exists(file))) await makeKey(file)
  if (((await stat(file)).mode & 0o077) !== 0) throw new Error(`${file} must be readable by its owner only (chmod 600)`)
  return readKey(file)
}

async function makeKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const made = `${file}.${randomId()}`
  try {
    const handle = await open(made, "wx", 0o600)
    try {
      await handle.writeFile(`${randomBytes(keyBytes).toString("hex")}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // unlike a rename, a link never replaces what is there
    await link(made, file)
    await syncFolder(dirname(file))
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error
  } finally {
    await rm(made, { force: true })
  }
}

/** A new name survives a power cut once its folder is on disk. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    (error: unknown) => {
      if (isCode(error, "ENOENT")) return false
      throw error
    },
  )

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code
