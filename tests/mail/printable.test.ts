import { expect, test } from "vitest"
import { printable } from "../../src/mail/printable.ts"

test("what a terminal would obey is left out, and what would show a line in another order than it has", () => {
  expect(printable("450 \x1b[2Jchờ\u0007 một\u009b1mchút")).toBe("450 [2Jchờ một1mchút")
  expect(printable("failed \u202e552 deyaler\u202c \u2066x\u2069\u200f\u2028y")).toBe("failed 552 deyaler xy")
})
