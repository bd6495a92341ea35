import { expect, test } from "vitest"
import { newTicketSecret, ticketKeys, ticketSecretAt, untilNextPeriod } from "../../src/tls/ticket-keys.ts"

const hour = 3_600_000
const start = Date.parse("2026-11-26T01:00:00Z")

test("processes that began at different times have the same keys in every period", () => {
  const drawn = newTicketSecret(start)
  const early = ticketSecretAt(ticketSecretAt(drawn, start + 13 * hour), start + 40 * hour)
  expect(ticketSecretAt(drawn, start + 40 * hour)).toEqual(early)
  expect(ticketKeys(early, "imap")).toHaveLength(48)
})

test("keys change with the period and the service, and with nothing else", () => {
  const drawn = newTicketSecret(start)
  const later = ticketSecretAt(drawn, start + 12 * hour)
  expect(ticketSecretAt(drawn, start + 10 * hour)).toEqual(drawn)
  expect(ticketSecretAt(later, start)).toEqual(later)
  expect(ticketSecretAt(drawn, start - 48 * hour)).toEqual(drawn)
  const all = [ticketKeys(drawn, "imap"), ticketKeys(drawn, "smtp"), ticketKeys(later, "imap"), ticketKeys(newTicketSecret(start), "imap")].map((key) => key.toString("hex"))
  expect(new Set(all).size).toBe(4)
})

test("a clock that jumps by decades draws a new secret instead of walking there", () => {
  const drawn = newTicketSecret(start)
  const far = ticketSecretAt(drawn, start + 50 * 365 * 24 * hour)
  expect(far.period).toBe(Math.floor((start + 50 * 365 * 24 * hour) / (12 * hour)))
  expect(ticketSecretAt(drawn, start + 50 * 365 * 24 * hour).secret).not.toBe(far.secret)
})

test.each([["2026-11-26T00:00:00Z", 12], ["2026-11-26T11:00:00Z", 1], ["2026-11-26T12:00:00Z", 12]])("at %s the next period is %i h away", (at, hours) => {
  expect(untilNextPeriod(Date.parse(at))).toBe(hours * hour)
})
