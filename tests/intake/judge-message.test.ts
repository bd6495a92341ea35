import { expect, test } from "vitest"
import { judgeMessage } from "../../src/intake/judge-message.ts"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import { createReplay } from "../../src/policy/replay.ts"
import { openFacts } from "../../src/store/sealed-facts.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { foreigner, messageFacts, office, person, signed, unsigned } from "../policy/facts.ts"

const read = readPolicy("format: 1\nrules:\n  - { id: unsigned, when: { signature: { status: missing } }, verdict: { reject: { status: 5.7.1, vi: a, en: b } } }\n")
if (!read.ok) throw new Error("bad policy")
const policy = compilePolicy(read.value)

test("what is recorded of a judgement is judged the same again", () => {
  const sealer = createSealer(Buffer.alloc(32, 3))
  const replay = createReplay(policy)
  for (const sender of [null, office, person, foreigner]) {
    for (const signature of [unsigned, signed("valid"), signed("invalid", "revoked")]) {
      const { verdict, decision } = judgeMessage({ inForce: { version: 7, policy }, facts: messageFacts({ sender, signature }), messageId: "m@x.example", sealer })
      expect(decision).toMatchObject({ policyVersion: 7, verdict: verdict.kind, ruleId: verdict.ruleId, reversePath: office.address })
      replay.add({ ...decision, envelopeId: null }, openFacts(sealer, decision.facts))
    }
  }
  expect(replay.report()).toMatchObject({ decisions: 12, unchanged: 12, unreadable: 0 })
})
