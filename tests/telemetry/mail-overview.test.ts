import { expect, test } from "vitest"
import { withToday } from "../../src/telemetry/mail-overview.ts"
import type { MailFigures } from "../../src/store/overview-store.ts"

const all = (count: number): MailFigures => ({ received: count, receivedSigned: count, receivedTls: count, submitted: count, submittedSigned: count, relayed: count, relayedTls: count })

test("today as it is now takes the place of what was counted of it, in its day and in its week", () => {
  const history = { days: [{ start: "2026-06-16", ...all(5) }, { start: "2026-06-17", ...all(2) }], weeks: [{ start: "2026-06-08", ...all(50) }, { start: "2026-06-15", ...all(12) }] }
  expect(withToday(history, all(3))).toEqual({ days: [{ start: "2026-06-16", ...all(5) }, { start: "2026-06-17", ...all(3) }], weeks: [{ start: "2026-06-08", ...all(50) }, { start: "2026-06-15", ...all(13) }] })
  expect(withToday({ days: [], weeks: [] }, all(3))).toEqual({ days: [], weeks: [] })
})
