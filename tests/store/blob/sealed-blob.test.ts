import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { giveBack } from "../../../src/base/give-back.ts"
import type { BlobStore } from "../../../src/store/blob/blob-store.ts"
import { createFileBlobs } from "../../../src/store/blob/file-blobs.ts"
import { pieceBytes, readSealedBlob, SealedBlobWriter } from "../../../src/store/blob/sealed-blob.ts"
import { createSealer } from "../../../src/store/sealing.ts"
import { readAll } from "../../support/store.ts"

const sealer = createSealer(Buffer.alloc(32, 5))
let dir: string
let blobs: BlobStore
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-blobs-"))
  blobs = createFileBlobs(dir)
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** Half noise, half text, so that some pieces are compressed and some are not. */
const content = Buffer.concat([randomBytes(2 * pieceBytes + 17), Buffer.alloc(2 * pieceBytes + 100, "Kính gửi các đơn vị. ")])

async function write(store: BlobStore, chunks: Iterable<Uint8Array>): Promise<string> {
  const writer = new SealedBlobWriter(await store.create(), sealer)
  for (const chunk of chunks) await writer.write(chunk)
  await writer.finish()
  return writer.key
}

function* cut(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  let from = 0
  for (const at of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, at)
    from = at
  }
}

const all = { start: 0, end: Infinity }

test("however it is cut when it is written, every range is read as it was", async () => {
  const near = fc.integer({ min: -2, max: 2 }).chain((by) => fc.integer({ min: 0, max: 4 }).map((piece) => Math.max(0, piece * pieceBytes + by)))
  const place = fc.oneof(near, fc.nat(content.length))
  await fc.assert(
    fc.asyncProperty(fc.array(place, { maxLength: 12 }), place, place, async (cuts, one, other) => {
      const key = await write(blobs, cut(content, cuts.map((at) => Math.min(at, content.length))))
      const range = { start: Math.min(one, other), end: Math.max(one, other) }
      expect((await readAll(readSealedBlob({ blobs, sealer }, key, range))).equals(content.subarray(range.start, range.end))).toBe(true)
      expect((await readAll(readSealedBlob({ blobs, sealer }, key, all))).equals(content)).toBe(true)
      await blobs.remove(key)
    }),
    { numRuns: 40 },
  )
})

/** A disk that takes its time: what it was given is looked at long after. */
const slow = (store: BlobStore): BlobStore => ({
  ...store,
  async create() {
    const blob = await store.create()
    return {
      ...blob,
      async append(parts) {
        for (let turns = 0; turns < 20; turns++) await turn()
        await blob.append(parts)
      },
    }
  },
})

test("the memory of a piece is not used again before a slow store has it, nor is that of a chunk kept", async () => {
  const chunk = Buffer.alloc(60_000)
  const reused = function* (): Generator<Buffer> {
    for (let at = 0; at < content.length; at += chunk.length) {
      const length = content.copy(chunk, 0, at, at + chunk.length)
      yield chunk.subarray(0, length)
    }
  }
  const [one, other] = await Promise.all([write(slow(blobs), reused()), write(slow(blobs), cut(content, [1, 70_000, 400_000]))])
  for (const key of [one, other]) expect((await readAll(readSealedBlob({ blobs, sealer }, key, all))).equals(content)).toBe(true)
})

test("50 MB leave no garbage behind, written or read: what is beyond one piece is given back at once, not when somebody collects it", async () => {
  const noise = randomBytes(48 * 1024)
  const chunks = [Buffer.from(noise.toString("base64")), noise]
  const writer = new SealedBlobWriter(await blobs.create(), sealer)
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const look = (): void => void (most = Math.max(most, process.memoryUsage().arrayBuffers - before))
  // some that compress and some that do not
  for (let bytes = 0, turns = 0; bytes < 50_000_000; turns++) {
    const chunk = chunks[turns < 400 ? 0 : 1] ?? noise
    await writer.write(chunk)
    bytes += chunk.length
    look()
  }
  await writer.finish()
  for await (const chunk of readSealedBlob({ blobs, sealer }, writer.key, all)) {
    look()
    giveBack(chunk)
  }
  expect(most).toBeLessThan(4 * 2 ** 20)
})

test("pieces that were changed or have changed places are noticed", async () => {
  const key = await write(blobs, [content])
  const blob = await blobs.open(key)
  const exchanged: BlobStore = { ...blobs, open: async () => ({ ...blob, piece: (index) => blob.piece(index === 0 ? 1 : index === 1 ? 0 : index), close: async () => undefined }) }
  await expect(readAll(readSealedBlob({ blobs: exchanged, sealer }, key, all))).rejects.toThrow()
  await blob.close()
})
