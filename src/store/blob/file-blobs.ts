import { constants } from "node:fs"
import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { randomId } from "../../base/id.ts"
import type { BlobReader, BlobStore, BlobWriter } from "./blob-store.ts"

/**
 * Blobs as files: `<dir>/<first two characters>/<key>`. A file is its pieces one after another, then the length of each as
 * 32-bit little-endian, then their count. Synced with its folder before `finish` resolves.
 */
export function createFileBlobs(dir: string): BlobStore {
  const folderOf = (key: string): string => join(dir, key.slice(0, 2).toLowerCase())
  const pathOf = (key: string): string => join(folderOf(key), key)
  return {
    async create() {
      const key = randomId(144)
      await mkdir(folderOf(key), { recursive: true, mode: 0o700 })
      const file = await open(pathOf(key), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
      return writeTo(file, { key, path: pathOf(key), folder: folderOf(key), root: dir })
    },
    async open(key) {
      const file = await open(pathOf(key), "r")
      try {
        return await readFrom(file)
      } catch (error) {
        await file.close()
        throw error
      }
    },
    remove: (key) => rm(pathOf(key), { force: true }),
    async *list(olderThan) {
      for (const folder of await readdir(dir).catch(() => [])) {
        for (const key of await readdir(join(dir, folder))) {
          const { mtimeMs } = await stat(join(dir, folder, key))
          if (mtimeMs < olderThan) yield key
        }
      }
    },
  }
}

function writeTo(file: FileHandle, place: { readonly key: string; readonly path: string; readonly folder: string; readonly root: string }): BlobWriter {
  const lengths: number[] = []
  const remove = async (): Promise<void> => {
    await file.close().catch(() => undefined)
    await rm(place.path, { force: true })
  }
  return {
    key: place.key,
    async append(parts) {
      lengths.push(parts.reduce((sum, { length }) => sum + length, 0))
      await writeFully(file, parts)
    },
    async finish() {
      const footer = Buffer.alloc(4 * (lengths.length + 1))
      lengths.forEach((length, index) => footer.writeUInt32LE(length, 4 * index))
      footer.writeUInt32LE(lengths.length, 4 * lengths.length)
      await writeFully(file, [footer])
      await file.datasync()
      await file.close()
      // the name must survive a power cut as well as the bytes
      await syncFolder(place.folder)
      await syncFolder(place.root)
    },
    abort: remove,
  }
}

async function writeFully(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (let left = parts; left.length > 0; ) left = behind(left, (await file.writev(left)).bytesWritten)
}

/** What the parts hold beyond so many bytes. */
function behind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = []
  let skipped = bytes
  for (const part of parts) {
    if (part.length > skipped) left.push(part.subarray(skipped))
    skipped = Math.max(0, skipped - part.length)
  }
  return left
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function readFrom(file: FileHandle): Promise<BlobReader> {
  const { size } = await file.stat()
  const count = (await readFully(file, size - 4, 4)).readUInt32LE(0)
  const footer = await readFully(file, size - 4 * (count + 1), 4 * count)
  const offsets = [0]
  for (let index = 0; index < count; index++) offsets.push((offsets[index] ?? 0) + footer.readUInt32LE(4 * index))
  return {
    pieces: count,
    async piece(index) {
      const start = offsets[index]
      const end = offsets[index + 1]
      if (start === undefined || end === undefined) throw new RangeError(`no piece ${index}`)
      return readFully(file, start, end - start)
    },
    close: () => file.close(),
  }
}

async function readFully(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0 || length < 0) throw new Error("the blob's footer is damaged")
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at)
    if (bytesRead === 0) throw new Error("the blob ends too early")
    at += bytesRead
  }
  return bytes
}
