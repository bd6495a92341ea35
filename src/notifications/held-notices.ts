import type { HeldMessage, HeldStore } from "../store/held-store.ts"
import type { Notice, NoticeSender } from "./notice.ts"

/**
 * Tells of messages that are held: whom the rule names. Each is told once, in the transaction that accepts the notice; what fails is found
 * by the next sweep.
 */
export interface HeldNotices {
  /** Resolves with how many notices were accepted; joins a round that is under way. */
  send(): Promise<number>
}

const limit = 100

export function createHeldNotices({ held, notices, hostname }: { readonly held: Pick<HeldStore, "untold" | "giveUpTelling">; readonly notices: NoticeSender; readonly hostname: string }): HeldNotices {
  let underWay: Promise<number> | undefined
  const round = async (): Promise<number> => {
    let told = 0
    for (const message of await held.untold(limit)) {
      const reply = await notices.send(heldNotice(message, hostname))
      if (reply?.kind === "accepted") told++
      // an address that does not exist now will not exist at the next sweep
      else if (reply && reply.code >= 500) await held.giveUpTelling(message.envelopeId)
    }
    return told
  }
  return {
    send() {
      underWay ??= round().finally(() => (underWay = undefined))
      return underWay
    },
  }
}

const words = {
  quarantine: {
    subject: "Thư bị giữ lại để kiểm tra / A message was quarantined",
    vi: "Một thư gửi tới bạn bị giữ lại để kiểm tra và chưa được chuyển.",
    en: "A message to you was set aside and has not been delivered.",
    whatVi: "Nếu bạn chờ thư này, hãy báo quản trị viên kèm số thư ở trên. Đừng trả lời thư này.",
    whatEn: "If you expect this message, tell the administrator the number above. Do not reply to this notice.",
  },
  approval: {
    subject: "Thư chờ duyệt / A message waits for approval",
    vi: "Một thư đang chờ duyệt trước khi được chuyển.",
    en: "A message waits for approval before it is delivered.",
    whatVi: "Người có quyền duyệt hoặc từ chối bằng lệnh: congthu held release / refuse, kèm số thư ở trên.",
    whatEn: "Whoever may decide does so with: congthu held release / refuse, and the number above.",
  },
} as const satisfies Record<HeldMessage["kind"], Readonly<Record<"subject" | "vi" | "en" | "whatVi" | "whatEn", string>>>

/**
 * Pure. The held message's subject is not repeated: it may be what made it doubtful. Nor, to recipients, who else was written to: that may be the
 * sender's secret (RFC 5321 §7.2).
 */
export function heldNotice(message: HeldMessage, hostname: string): Notice {
  const { envelopeId, kind, reversePath, recipients, recipientCount, messageId, reasonVi, reasonEn, notify } = message
  const say = words[kind]
  const facts = (names: { readonly number: string; readonly from: string; readonly to: string }): string =>
    [
      `    ${names.number}: ${envelopeId}`,
      `    ${names.from}: ${reversePath === "" ? "<>" : reversePath}`,
      ...(kind === "quarantine" ? [] : [`    ${names.to}: ${recipients.join(", ")}${recipientCount > recipients.length ? ` (+${recipientCount - recipients.length})` : ""}`]),
      `    Message-ID: <${messageId}>`,
    ].join("\r\n")
  return {
    to: notify,
    subject: say.subject,
    messageId: `held.${envelopeId}@${hostname}`,
    marks: { heldNotice: envelopeId },
    text: [
      say.vi, "", facts({ number: "Số thư", from: "Từ", to: "Tới" }), "", `Lý do: ${reasonVi}`, "", say.whatVi, "",
      "-- ", "",
      say.en, "", facts({ number: "Number", from: "From", to: "To" }), "", `Reason: ${reasonEn}`, "", say.whatEn, "",
    ].join("\r\n"),
  }
}
