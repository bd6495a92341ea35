import fc from "fast-check"
import { expect, test } from "vitest"
import type { SearchKey } from "../../../src/imap/grammar/search-keys.ts"
import { compile, yes } from "../../../src/imap/search/matcher.ts"
import { flagMask } from "../../../src/imap/search/flag-mask.ts"
import { searchMailbox } from "../../../src/imap/search/search-mailbox.ts"
import { MailboxIndex } from "../../../src/store/mailbox-index.ts"

const flag = (name: string): SearchKey => ({ kind: "flag", name })
const not = (key: SearchKey): SearchKey => ({ kind: "not", key })
const index = new MailboxIndex({ modSeq: 1, uidNext: 1, keywords: ["$Forwarded", "khẩn"] })

test.each<[string, SearchKey, { set: number; clear: number } | undefined]>([
  ["SEEN", flag("\\Seen"), { set: 8, clear: 0 }],
  ["UNSEEN", not(flag("\\seen")), { set: 0, clear: 8 }],
  ["KEYWORD $Forwarded UNDELETED", { kind: "and", keys: [flag("$forwarded"), not(flag("\\Deleted"))] }, { set: 32, clear: 4 }],
  ["ALL", { kind: "all" }, { set: 0, clear: 0 }],
  ["SEEN UNSEEN, which nothing is", { kind: "and", keys: [flag("\\Seen"), not(flag("\\Seen"))] }, undefined],
  ["a keyword nobody has", flag("chưa"), undefined],
  ["UNKEYWORD of one nobody has", not(flag("chưa")), { set: 0, clear: 0 }],
  ["NOT of several", not({ kind: "and", keys: [flag("\\Seen"), flag("\\Flagged")] }), undefined],
  ["LARGER", { kind: "larger", bytes: 1 }, undefined],
])("%s", (_, key, mask) => expect(flagMask(key, index)).toEqual(mask))

test("by mask or message by message, the answer is the same", async () => {
  const names = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "$Forwarded", "khẩn", "chưa"]
  const key = fc.letrec<{ key: SearchKey }>((tie) => ({
    key: fc.oneof({ maxDepth: 3 }, fc.constantFrom(...names).map(flag), tie("key").map(not), fc.array(tie("key"), { minLength: 1, maxLength: 3 }).map((keys): SearchKey => ({ kind: "and", keys }))),
  })).key
  await fc.assert(
    fc.asyncProperty(key, fc.array(fc.nat(127), { maxLength: 50 }), async (asked, flags) => {
      const box = new MailboxIndex({ modSeq: 1, uidNext: 1, keywords: ["$Forwarded", "khẩn"] })
      for (const [n, set] of flags.entries()) box.push({ uid: n * 2 + 1, flags: set, modSeq: n + 5, size: 1, internalDate: 0 })
      const view = { uids: box.uids, count: Math.max(0, box.count - 1) }
      const matcher = compile(asked, { view, index: box, recentFrom: 1 })
      const expected = Array.from({ length: view.count }, (_, at) => at).filter((at) => matcher.test({ position: at, uid: box.uids[at] ?? 0, at, details: undefined, text: undefined, allowance: 1, answers: new Map() }) === yes)
      const found = await searchMailbox({ key: asked, view: view, mailbox: { index: box, details: never, searchTexts: never }, recentFrom: 1, abandoned: () => false })
      expect([...found.positions]).toEqual(expected)
      expect(found.modSeq).toBe(Math.max(0, ...expected.map((at) => at + 5)))
    }),
  )
})

const never = (): Promise<never> => Promise.reject(new Error("flags need nothing else"))
