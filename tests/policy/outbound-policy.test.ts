import { expect, test } from "vitest"
import { type OutboundLimits, outboundPolicy, type OutboundVolume } from "../../src/policy/outbound-policy.ts"

const limits: OutboundLimits = { recipientsPerHour: 1_000, strangersPerHour: 200, suddenFactor: 10, suddenAbove: 100 }
const program: OutboundLimits = { recipientsPerHour: 20_000, strangersPerHour: 0, suddenFactor: 0, suddenAbove: 0 }

test.each<readonly [string, Partial<OutboundVolume>, OutboundLimits, RegExp | undefined]>([
  ["everyday mail", { recipients: 12, strangers: 3, usual: 4 }, limits, undefined],
  ["exactly at the limit of strangers", { recipients: 200, strangers: 200 }, limits, undefined],
  ["one stranger more", { recipients: 201, strangers: 201 }, limits, /201 strangers .*limit 200/],
  ["many it knows", { recipients: 900, strangers: 5 }, limits, undefined],
  ["too many it knows", { recipients: 1_001, strangers: 5 }, limits, /1001 recipients .*limit 1000/],
  ["ten times the usual, but few", { recipients: 100, strangers: 5, usual: 2 }, limits, undefined],
  ["ten times the usual, and many", { recipients: 101, strangers: 5, usual: 2 }, limits, /101 recipients .*2 are usual/],
  ["many, as usual", { recipients: 300, strangers: 5, usual: 30 }, limits, undefined],
  ["many, and nothing is known of it", { recipients: 300, strangers: 5, usual: null }, limits, undefined],
  ["a program's strangers", { recipients: 15_000, strangers: 15_000, usual: 10 }, program, undefined],
  ["a program gone wild", { recipients: 20_001, strangers: 0 }, program, /20001 recipients/],
])("%s", (_name, volume, limit, reason) => {
  const word = outboundPolicy({ recipients: 0, strangers: 0, usual: null, ...volume }, limit)
  if (reason) expect(word?.reasonEn).toMatch(reason)
  else expect(word).toBeUndefined()
})
