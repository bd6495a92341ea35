import { type HeldReason, type MessageSource, moderatedRule } from "../store/acceptance-store.ts"
import type { Decision } from "./decide.ts"
import type { AcceptRequest } from "./intake.ts"

/**
 * A moderated group's moderators approve what others send to it. The message is held as a whole: who else is named in it gets it together with the group.
 * What the system itself says is never held: nobody would be told of the approval that is missing. Pure.
 */
export function moderation({ source, heldNotice, warningFor, senderWarned }: AcceptRequest, { moderated, sentAs }: Extract<Decision, { readonly kind: "accepted" }>): HeldReason | undefined {
  if (moderated.length === 0 || itsOwn.has(source) || heldNotice || warningFor || senderWarned) return undefined
  // who moderates one group of his own must not open another with it
  const approvers = [...new Set(moderated[0]?.moderators)].filter((address) => moderated.every(({ moderators }) => moderators?.includes(address) === true))
  const names = moderated.map(({ address }) => address).slice(0, maxNamed).join(", ")
  return {
    kind: "approval", ruleId: moderatedRule, approvers,
    ...(approvers.length > 0
      ? { reasonVi: `Thư gửi tới nhóm ${names} chờ người duyệt nhóm chấp thuận`, reasonEn: `The message to ${names} waits for the group's moderators` }
      : {
          reasonVi: `Thư gửi tới các nhóm ${names}: không ai là người duyệt của tất cả các nhóm này. Hãy gửi riêng cho từng nhóm, hoặc nhờ người quản trị`,
          reasonEn: `The message to ${names}: nobody moderates all of these groups. Send it to each group by itself, or ask an administrator`,
        }),
    notify: [...new Set([...approvers, ...(sentAs ? [sentAs.address] : [])])],
  }
}

/** What the policy holds already: a copy for a moderated group is nobody's to let go alone. */
export const heldBeside = (held: HeldReason, { moderated }: Extract<Decision, { readonly kind: "accepted" }>): HeldReason => (moderated.length > 0 ? { ...held, recipientsMayRelease: false } : held)

const itsOwn: ReadonlySet<MessageSource> = new Set<MessageSource>(["dsn", "import"])
const maxNamed = 5
