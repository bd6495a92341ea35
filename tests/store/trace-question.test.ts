import { expect, test } from "vitest"
import { traceQuestion } from "../../src/store/trace-question.ts"

test.each([
  ["12345", { kind: "envelope", envelopeId: 12_345 }],
  ["AB".repeat(32), { kind: "sha256", sha256: Buffer.alloc(32, 0xab) }],
  ["<a.b@c>", { kind: "messageId", messageId: "a.b@c" }],
  [" an@tinh.example ", { kind: "address", addresses: ["an@tinh.example"] }],
  ["An@Tinh.Example", { kind: "address", addresses: ["An@Tinh.Example", "an@tinh.example", "An@tinh.example"] }],
  ["no-at-sign", { kind: "messageId", messageId: "no-at-sign" }],
  ["", undefined],
  ["x".repeat(999), undefined],
])("%j asks for %j", (text, question) => expect(traceQuestion(text)).toEqual(question))
