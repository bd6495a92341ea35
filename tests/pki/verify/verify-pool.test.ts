import { createHash } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { createVerifyPool, type MessageToVerify, type VerifyPool, type VerifyPoolOptions } from "../../../src/pki/verify/verify-pool.ts"
import { scan } from "../../mail/scan.ts"
import { unwrap } from "../../support/store.ts"

const pools: VerifyPool[] = []
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))

const newPool = (options: Partial<VerifyPoolOptions> = {}): { readonly pool: VerifyPool; readonly errors: object[] } => {
  const errors: object[] = []
  const pool = createVerifyPool({ script: new URL("strange-worker.ts", import.meta.url), threads: 2, log: { error: (detail) => errors.push(detail) }, ...options })
  pools.push(pool)
  return { pool, errors }
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

let reads = 0
const message = (text: string | Buffer, scanned?: MessageToVerify["scanned"]): MessageToVerify => {
  const bytes = Buffer.from(text)
  return {
    sha256: digest(bytes),
    size: bytes.length,
    async *read({ start, end } = { start: 0, end: bytes.length }) {
      reads++
      for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(end, at + 65_536))
    },
    ...(scanned && { scanned }),
  }
}

test("a message is verified in a thread on exactly its bytes, and its caller keeps them", async () => {
  const { pool } = newPool()
  const one = message("mot", { root: scan("mot").root, headerFields: [] })
  expect(unwrap(await pool.verify(one)).sender).toEqual([one.sha256, "3", "[]"])
  const again: Uint8Array[] = []
  for await (const chunk of one.read()) again.push(chunk)
  expect(Buffer.concat(again).toString()).toBe("mot")
})

test("a large message goes over piece by piece", async () => {
  const { pool } = newPool()
  const large = message(Buffer.alloc(5_000_001, "lon\n"))
  expect(unwrap(await pool.verify(large)).sender.slice(0, 2)).toEqual([large.sha256, "5000001"])
})

test("the memory of a chunk that fills it is handed over, and a view of something larger is left alone", async () => {
  const { pool } = newPool()
  const bytes = Buffer.alloc(2_000_000, "cua ai\n")
  const filling: Buffer[] = []
  const views: MessageToVerify = {
    sha256: digest(bytes), size: bytes.length,
    async *read() {
      for (let at = 0; at < bytes.length; at += 200_000) {
        const own = Buffer.allocUnsafeSlow(100_000)
        bytes.copy(own, 0, at)
        filling.push(own)
        yield own
        yield bytes.subarray(at + 100_000, at + 200_000)
      }
    },
  }
  expect(unwrap(await pool.verify(views)).sender.slice(0, 2)).toEqual([digest(bytes), "2000000"])
  expect(filling.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 0))
  expect(digest(bytes)).toBe(views.sha256)
})

test("a read that the verifier leaves unfinished is closed, and the thread goes on", async () => {
  const { pool } = newPool({ threads: 1 })
  const bytes = Buffer.concat([Buffer.from("part\n"), Buffer.alloc(3_000_000, 7)])
  let closed = 0
  const part: MessageToVerify = {
    sha256: digest(bytes), size: bytes.length,
    async *read({ start, end } = { start: 0, end: bytes.length }) {
      try {
        for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(end, at + 65_536))
      } finally {
        closed++
      }
    },
  }
  unwrap(await pool.verify(part))
  expect(closed).toBe(2)
  const next = message("sau")
  expect(unwrap(await pool.verify(next)).sender[0]).toBe(next.sha256)
})

test("the same content is verified once, at the same time or later", async () => {
  const { pool } = newPool()
  const one = message("giong nhau")
  reads = 0
  const [first, second] = await Promise.all([pool.verify(one), pool.verify(message("giong nhau"))])
  expect([unwrap(second), unwrap(await pool.verify(one))]).toEqual([unwrap(first), unwrap(first)])
  expect(reads).toBe(1)
})

test("a message that takes too long is tooSlow and not remembered; others are verified meanwhile and after", async () => {
  const { pool } = newPool({ limitMs: 1_500 })
  const spin = pool.verify(message("spin"))
  expect(unwrap(await pool.verify(message("khac"))).problems).toEqual([])
  expect(unwrap(await spin)).toMatchObject({ form: "multipart", problems: ["tooSlow"], signers: [] })
  expect(unwrap(await pool.verify(message("khac nua"))).problems).toEqual([])
  reads = 0
  expect(unwrap(await pool.verify(message("spin"))).problems).toEqual(["tooSlow"])
  expect(reads).toBe(1)
})

test("how long a thread takes to start is no fault of the message", async () => {
  const { pool } = newPool({ script: new URL("late-worker.ts", import.meta.url), limitMs: 400 })
  expect(unwrap(await pool.verify(message("gap"))).problems).toEqual([])
  expect(unwrap(await pool.verify(message("spin"))).problems).toEqual(["tooSlow"])
})

test("a thread that dies costs one more try", async () => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-verify-"))
  const { pool, errors } = newPool()
  const once = message(`exit once\n${join(dir, "died")}\n`)
  expect(unwrap(await pool.verify(once)).sender[0]).toBe(once.sha256)
  expect(errors).toEqual([])
  await rm(dir, { recursive: true })
})

test.each(["exit", "throw", "allocate"])("a message that ends its thread each time (%s) is a failure and no verdict; the next one is verified", async (word) => {
  const { pool, errors } = newPool({ heapMb: 32 })
  expect(await pool.verify(message(word))).toMatchObject({ ok: false, failure: { kind: "unavailable" } })
  expect(errors).toHaveLength(1)
  const next = message("sau")
  expect(unwrap(await pool.verify(next)).sender[0]).toBe(next.sha256)
})

test("a message that cannot be read is a failure", async () => {
  const { pool } = newPool()
  const broken = {
    sha256: "00", size: 5,
    read: (): AsyncIterable<Uint8Array> => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("the disk is gone")) }) }),
  }
  for (const size of [5, 5_000_000]) expect(await pool.verify({ ...broken, sha256: String(size), size })).toMatchObject({ ok: false, failure: { kind: "unavailable" } })
})

test("what waits is bounded", async () => {
  const { pool } = newPool({ threads: 1, maxWaiting: 2 })
  const results = await Promise.all(Array.from({ length: 6 }, (_, at) => pool.verify(message(`so ${at}`))))
  expect(results.map((result) => (result.ok ? "ok" : result.failure.kind))).toEqual(["ok", "ok", "ok", "limit", "limit", "limit"])
})

test("a flood from outside has half of the room, and those who signed in go first", async () => {
  const { pool } = newPool({ threads: 1, maxWaiting: 4 })
  const done: string[] = []
  const verify = async (name: string, fromOutside: boolean): Promise<void> => {
    const { ok } = await pool.verify({ ...message(name), fromOutside })
    done.push(ok ? name : `${name} refused`)
  }
  await Promise.all([...["o1", "o2", "o3", "o4"].map((name) => verify(name, true)), verify("s1", false), verify("s2", false)])
  expect(done).toEqual(["o4 refused", "o1", "s1", "s2", "o2", "o3"])
})

test("closing fails whatever is under way, and everything after", async () => {
  const { pool } = newPool({ threads: 1 })
  const under = [pool.verify(message("spin")), pool.verify(message("doi"))]
  await pool.close()
  for (const result of [...(await Promise.all(under)), await pool.verify(message("sau"))]) expect(result.ok).toBe(false)
})
