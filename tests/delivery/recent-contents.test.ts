import { expect, test } from "vitest"
import { recentContents } from "../../src/delivery/recent-contents.ts"

const source = (chunks: readonly Buffer[]) => {
  const asked: unknown[] = []
  const contents = recentContents({
    read: async function* (_content, range) {
      asked.push(range)
      yield* chunks
    },
  })
  const read = async (key: number, range?: { readonly start: number; readonly end: number }, first = Infinity): Promise<string> => {
    const read: Uint8Array[] = []
    for await (const chunk of contents.read(Buffer.alloc(32, key), range)) if (read.push(chunk) >= first) break
    return Buffer.concat(read).toString()
  }
  return { asked, read }
}

test("a content that is read again at once is not fetched again, another one is", async () => {
  const { asked, read } = source([Buffer.from("ab"), Buffer.from("c")])
  expect([await read(1), await read(1), await read(2)]).toEqual(["abc", "abc", "abc"])
  expect(asked).toHaveLength(2)
})

test("a part is always fetched, and what was broken off is not taken for the whole", async () => {
  const { asked, read } = source([Buffer.from("ab"), Buffer.from("c")])
  expect(await read(1, undefined, 1)).toBe("ab")
  expect(await read(1)).toBe("abc")
  await read(1, { start: 0, end: 1 })
  expect(asked).toEqual([undefined, undefined, { start: 0, end: 1 }])
})

test("a large one is fetched each time, whole", async () => {
  const large = Buffer.alloc(1024 * 1024, "x")
  const { asked, read } = source([large, large, large])
  expect([(await read(1)).length, (await read(1)).length]).toEqual([3 * large.length, 3 * large.length])
  expect(asked).toHaveLength(2)
})
