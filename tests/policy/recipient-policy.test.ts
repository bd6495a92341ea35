import { describe, expect, test } from "vitest"
import { messagePolicy } from "../../src/policy/message-policy.ts"
import { type RecipientFacts, recipientPolicy } from "../../src/policy/recipient-policy.ts"
import { replyCodeOf } from "../../src/policy/reply-code.ts"
import { outsideSenderPolicy } from "../../src/policy/sender-policy.ts"
import { reversePathPolicy, submissionPolicy } from "../../src/policy/submission-policy.ts"
import type { Verdict } from "../../src/policy/verdict.ts"

const shown = (verdict: Verdict): string => (verdict.kind === "accept" ? `accept ${verdict.ruleId}` : `${verdict.kind} ${replyCodeOf(verdict.status)} ${verdict.status} ${verdict.ruleId}`)

const facts: RecipientFacts = { fromOutside: true, kind: "account", suspended: false, overQuota: false, groupOpen: true }

describe("recipient policy", () => {
  test.each<[Partial<RecipientFacts>, string]>([
    [{}, "accept recipient.account"],
    [{ kind: "unknown" }, "reject 550 5.1.1 recipient.unknown"],
    [{ kind: "unknown", fromOutside: false }, "reject 550 5.1.1 recipient.unknown"],
    [{ kind: "foreign" }, "reject 550 5.7.1 recipient.relay"],
    [{ kind: "foreign", fromOutside: false }, "accept recipient.foreign"],
    [{ suspended: true }, "reject 550 5.2.1 recipient.suspended"],
    [{ suspended: true, overQuota: true }, "reject 550 5.2.1 recipient.suspended"],
    [{ overQuota: true }, "defer 452 4.2.2 recipient.over-quota"],
    [{ overQuota: true, fromOutside: false }, "defer 452 4.2.2 recipient.over-quota"],
    [{ kind: "group" }, "accept recipient.group"],
    [{ kind: "group", groupOpen: false }, "reject 550 5.7.2 recipient.closed-group"],
  ])("%j → %s", (change, expected) => {
    expect(shown(recipientPolicy({ ...facts, ...change }))).toBe(expected)
  })
})

describe("sender policy for mail from outside", () => {
  test.each([
    [{ nullReversePath: true, reversePath: "foreign" }, "accept sender.null"],
    [{ nullReversePath: false, reversePath: "foreign" }, "accept sender.outside"],
    [{ nullReversePath: false, reversePath: "account" }, "accept sender.outside"],
    [{ nullReversePath: false, reversePath: "unknown" }, "reject 550 5.7.1 sender.unknown-local"],
  ] as const)("%j → %s", (sender, expected) => {
    expect(shown(outsideSenderPolicy(sender))).toBe(expected)
  })
})

describe("submission policy", () => {
  const mine = { address: "an@tinh.example", allowed: true }
  const other = { address: "binh@tinh.example", allowed: false }

  test.each([
    [{ reversePath: mine, headerFrom: [mine], headerSender: [] }, "accept submission"],
    [{ reversePath: null, headerFrom: [mine], headerSender: [] }, "accept submission"],
    [{ reversePath: other, headerFrom: [mine], headerSender: [] }, "reject 550 5.7.1 submission.reverse-path"],
    [{ reversePath: mine, headerFrom: [mine, other], headerSender: [] }, "reject 550 5.7.1 submission.from"],
    [{ reversePath: null, headerFrom: [other], headerSender: [mine] }, "reject 550 5.7.1 submission.from"],
    [{ reversePath: mine, headerFrom: [mine], headerSender: [other] }, "reject 550 5.7.1 submission.sender"],
  ])("%j → %s", (submission, expected) => {
    expect(shown(submissionPolicy(submission))).toBe(expected)
  })

  test("what a client wrote cannot break the reply that names it", () => {
    const verdict = reversePathPolicy({ address: `a\r\n250 ok${"x".repeat(200)}@b.example`, allowed: false })
    if (verdict.kind === "accept") throw new Error("accepted")
    expect(verdict.reasonEn).not.toMatch(/[\r\n]/)
    expect(verdict.reasonEn.length).toBeLessThan(140)
  })
})

describe("message policy", () => {
  test.each([
    [0, "accept message"],
    [50, "accept message"],
    [51, "reject 554 5.4.6 message.loop"],
  ])("%d Received fields → %s", (hops, expected) => {
    expect(shown(messagePolicy({ hops }))).toBe(expected)
  })
})
