import { expect, test } from "vitest"
import { provinceTime, storyLines } from "../../src/delivery/story.ts"
import type { DeliveryStory, Story } from "../../src/store/story-store.ts"

const at = Date.UTC(2026, 10, 23, 17, 0, 0, 5)

const delivery = (more: Partial<DeliveryStory>): DeliveryStory => ({
  deliveryId: 1, recipient: "binh@tinh.example", local: true, state: "delivered", attempts: 0, queuedAt: at + 3, settledAt: at + 7, seenAt: null, nextAttemptAt: null, status: "2.0.0", diagnostic: "", remoteMta: "", ...more,
})
const story: Story = {
  envelopeId: 5, messageId: "goc@tinh.example", reversePath: "an@tinh.example", source: "submission", size: 1234, sha256: Buffer.alloc(32, 0xab), acceptedAt: at, committedAt: at + 2, deliveryCount: 4,
  deliveries: [
    delivery({ seenAt: at + 3_600_000 }),
    delivery({ recipient: "bo@xa.example", local: false, state: "deferred", settledAt: null, nextAttemptAt: at + 300_000, status: "4.7.1", diagnostic: "451 4.7.1 later", remoteMta: "mx.xa.example [192.0.2.1]" }),
    delivery({ recipient: "co@xa.example", local: false, state: "failed", status: "5.1.1", diagnostic: "550 5.1.1 unknown", remoteMta: "mx.xa.example [192.0.2.1]" }),
  ],
}

test("times are those of the province", () => expect(provinceTime(at)).toBe("2026-11-24 00:00:00.005"))

test("a story reads from top to bottom", () => {
  expect(storyLines(story)).toEqual([
    "Message-ID <goc@tinh.example>, envelope 5, 1234 bytes, from an@tinh.example (submission)",
    `SHA-256    ${"ab".repeat(32)}`,
    "accepted   2026-11-24 00:00:00.005      +0 ms",
    "committed  2026-11-24 00:00:00.007      +2 ms",
    "to binh@tinh.example: delivered",
    "  queued     2026-11-24 00:00:00.008      +3 ms",
    "  delivered  2026-11-24 00:00:00.012      +7 ms  2.0.0",
    "  seen       2026-11-24 01:00:00.005    +3600 s",
    "to bo@xa.example: deferred",
    "  queued     2026-11-24 00:00:00.008      +3 ms",
    "  next try   2026-11-24 00:05:00.005     +300 s  4.7.1 by mx.xa.example [192.0.2.1] 451 4.7.1 later",
    "to co@xa.example: failed",
    "  queued     2026-11-24 00:00:00.008      +3 ms",
    "  failed     2026-11-24 00:00:00.012      +7 ms  5.1.1 by mx.xa.example [192.0.2.1] 550 5.1.1 unknown",
    "… and 1 more recipients",
  ])
})
