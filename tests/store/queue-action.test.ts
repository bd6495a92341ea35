import { expect, test } from "vitest"
import { decideAction, queueActions, type SteeredDelivery } from "../../src/store/queue-action.ts"

const plain: SteeredDelivery = { state: "deferred", claimed: false, heldByPerson: false, paused: false, due: false }

/** What becomes of hold, release, retry, bounce and delete, in this order. */
test.each<[string, Partial<SteeredDelivery>, readonly string[]]>([
  ["deferred", {}, ["done", "unchanged", "done", "done", "done"]],
  ["waiting", { state: "waiting" }, ["done", "unchanged", "done", "done", "done"]],
  ["due at this moment", { due: true }, ["done", "unchanged", "unchanged", "done", "done"]],
  ["to a paused destination", { paused: true }, ["done", "unchanged", "paused", "done", "done"]],
  ["under way", { claimed: true }, ["underWay", "underWay", "underWay", "underWay", "underWay"]],
  ["held by a person", { state: "held", heldByPerson: true }, ["unchanged", "done", "held", "done", "done"]],
  ["held by policy", { state: "held" }, ["policyHeld", "policyHeld", "policyHeld", "policyHeld", "policyHeld"]],
  ["delivered", { state: "delivered" }, ["settled", "settled", "settled", "settled", "settled"]],
  ["relayed", { state: "relayed" }, ["settled", "settled", "settled", "settled", "settled"]],
  ["failed", { state: "failed", claimed: true }, ["settled", "settled", "settled", "settled", "settled"]],
])("a delivery that is %s", (_name, more, outcomes) => {
  expect(queueActions.map((action) => decideAction(action, { ...plain, ...more }))).toEqual(outcomes)
})
