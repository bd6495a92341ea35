/** What people read of held messages, Vietnamese first. Pure. */
import { provinceDateTime } from "../accounts/province-date.ts"
import type { HeldMessage } from "../store/held-store.ts"
import type { ReleaseLink } from "./held-notices.ts"
import type { Notice } from "./notice.ts"

interface Words {
  readonly subject: string
  readonly vi: string
  readonly en: string
  readonly whatVi: string
  readonly whatEn: string
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
    whatVi: "Người có quyền duyệt hoặc từ chối tại trang web của hệ thống thư, mục “Thư chờ tôi duyệt”. Quản trị viên: “Thư chờ\r\nquyết định”, hoặc lệnh congthu held release / refuse, kèm số thư ở trên.",
    whatEn: "Whoever may decide does so at the mail system's web site, under “Waiting for my approval”. Administrators:\r\n“Messages to decide on”, or congthu held release / refuse with the number above.",
  },
} as const satisfies Record<HeldMessage["kind"], Words>

const labels = {
  vi: { number: "Số thư", from: "Từ", to: "Tới", reason: "Lý do" },
  en: { number: "Number", from: "From", to: "To", reason: "Reason" },
} as const

/** One for all who are told and cannot release it. */
export function heldNotice(message: HeldMessage, hostname: string): Notice {
  return { to: message.notify, subject: words[message.kind].subject, messageId: `held.${message.envelopeId}@${hostname}`, text: noticeText(message, words[message.kind], message.kind === "approval") }
}

/** For one recipient, who may release the own copy. */
export function heldCopyNotice({ message, copy, link, hostname }: { readonly message: HeldMessage; readonly copy: { readonly deliveryId: number; readonly recipient: string }; readonly link: ReleaseLink; readonly hostname: string }): Notice {
  const until = provinceDateTime(link.expiresAt)
  const own: Words = {
    ...words.quarantine,
    whatVi: `Nếu bạn chờ thư này, hãy mở trang sau để xem và nhận thư vào hộp thư của mình, trước ${until}:\r\n    ${link.url}\r\nTrang này chỉ cho thư của bạn đi, một lần; mở trang chưa làm gì cả. Không chờ thư này thì không cần làm gì. Đừng trả lời thư này.`,
    whatEn: `If you expect this message, open the page above before ${until} (UTC+7) to see it described and to let it into your mailbox. The page releases your copy only, once; opening it changes nothing. Otherwise nothing needs to be done. Do not reply to this notice.`,
  }
  return { to: [copy.recipient], subject: own.subject, messageId: `held.${message.envelopeId}.${copy.deliveryId}@${hostname}`, text: noticeText(message, own, false) }
}

/**
 * The held message's subject is not repeated: it may be what made it doubtful. Nor, to recipients, who else was written to: that may be the
 * sender's secret (RFC 5321 §7.2).
 */
function noticeText(message: HeldMessage, say: Words, withRecipients: boolean): string {
  const { envelopeId, reversePath, recipients, recipientCount, messageId, reasonVi, reasonEn } = message
  const facts = ({ number, from, to }: (typeof labels)["vi" | "en"]): string =>
    [
      `    ${number}: ${envelopeId}`,
      `    ${from}: ${reversePath === "" ? "<>" : reversePath}`,
      ...(withRecipients ? [`    ${to}: ${recipients.join(", ")}${recipientCount > recipients.length ? ` (+${recipientCount - recipients.length})` : ""}`] : []),
      `    Message-ID: <${messageId}>`,
    ].join("\r\n")
  return [
    say.vi, "", facts(labels.vi), "", `${labels.vi.reason}: ${reasonVi}`, "", say.whatVi, "",
    "-- ", "",
    say.en, "", facts(labels.en), "", `${labels.en.reason}: ${reasonEn}`, "", say.whatEn, "",
  ].join("\r\n")
}
