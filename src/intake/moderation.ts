import type { HeldReason, MessageSource } from "../store/acceptance-store.ts"
import type { Decision } from "./decide.ts"
import type { AcceptRequest } from "./intake.ts"

/**
 * A moderated group's moderators approve what others send to it. The message is held as a whole: who else is named in it gets it together with the group.
 * What the system itself says is never held: nobody would be told of the approval that is missing. Pure.
 */
export function moderation({ source, heldNotice, warningFor, senderWarned }: AcceptRequest, { moderated, sentAs }: Extract<Decision, { readonly kind: "accepted" }>): HeldReason | undefined {
  if (moderated.length === 0 || itsOwn.has(source) || heldNotice || warningFor || senderWarned) return undefined
  const approvers = [...new Set(moderated.flatMap(({ moderators }) => moderators ?? []))]
  const names = moderated.map(({ address }) => address).slice(0, maxNamed).join(", ")
  return {
    kind: "approval", ruleId: "group.moderated", approvers,
    reasonVi: `Thư gửi tới nhóm ${names} chờ người duyệt nhóm chấp thuận`, reasonEn: `The message to ${names} waits for the group's moderators`,
    notify: [...new Set([...approvers, ...(sentAs ? [sentAs.address] : [])])],
  }
}

const itsOwn: ReadonlySet<MessageSource> = new Set<MessageSource>(["dsn", "import"])
const maxNamed = 5
