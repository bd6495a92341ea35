/** What an administrator may do to one delivery, decided from what it is at that moment. Pure. */
export const queueActions = ["hold", "release", "retry", "bounce", "delete"] as const
export type QueueAction = (typeof queueActions)[number]

/**
 * `unchanged`: it is so already. `underWay`: a worker is at it, and only its answer will tell; ask again afterwards. `held`: release it first.
 * `policyHeld`: a rule holds the whole message, which is decided on as one. `paused`: its destination is paused. `settled`: nothing can change it.
 */
export const actionOutcomes = ["done", "unchanged", "underWay", "held", "policyHeld", "paused", "settled", "notFound"] as const
export type ActionOutcome = (typeof actionOutcomes)[number]

export interface SteeredDelivery {
  readonly state: "waiting" | "deferred" | "held" | "delivered" | "relayed" | "failed"
  /** A worker has claimed it and its lease has not run out. */
  readonly claimed: boolean
  /** Stopped by a person, not by policy. */
  readonly heldByPerson: boolean
  readonly paused: boolean
  /** Its time has come and no pause has laid it aside. */
  readonly due: boolean
}

export function decideAction(action: QueueAction, { state, claimed, heldByPerson, paused, due }: SteeredDelivery): ActionOutcome {
  if (state === "delivered" || state === "relayed" || state === "failed") return "settled"
  if (state === "held") {
    if (!heldByPerson) return "policyHeld"
    if (action === "hold") return "unchanged"
    return action === "retry" ? "held" : "done"
  }
  // the peer may have taken it at this very moment: to stop or to bounce it now would be a lie to its sender
  if (claimed) return "underWay"
  if (action === "release") return "unchanged"
  if (action !== "retry") return "done"
  if (paused) return "paused"
  return due ? "unchanged" : "done"
}
