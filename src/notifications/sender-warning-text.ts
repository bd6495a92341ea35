/** What a warning to a sender says: Vietnamese, then English. Pure. */
import { provinceDate } from "../accounts/province-date.ts"
import type { OwedWarning } from "../store/sender-warning-store.ts"

export const senderWarningSubject = "Nhắc về thư bạn vừa gửi / About a message that you sent"

const utcOffsetMs = 7 * 3_600_000
const clockTime = (ms: number): string => new Date(ms + utcOffsetMs).toISOString().slice(11, 16)
const vietnameseDate = (ms: number): string => provinceDate(ms).split("-").toReversed().join("/")

/** Lines in CRLF. */
export function senderWarningText(warning: OwedWarning, { subject, hostname }: { readonly subject: string; readonly hostname: string }): string {
  const { reasonVi, reasonEn, refusedFrom, messageId, acceptedAt, recipients, recipientCount } = warning
  const others = recipientCount - recipients.length
  const to = `${recipients.join(", ")}${others > 0 ? ` (+${others})` : ""}`
  return `Đây là thông báo tự động của máy chủ thư ${hostname}.

Thư sau đây của bạn đã được nhận để chuyển, nhưng có điều cần lưu ý:

    Tiêu đề: ${subject}
    Tới: ${to}
    Gửi lúc: ${clockTime(acceptedAt)} ngày ${vietnameseDate(acceptedAt)}
    Message-ID: <${messageId}>

Lý do: ${reasonVi}.
${refusedFrom === null ? "" : `Từ ngày ${vietnameseDate(refusedFrom)}, thư như vậy sẽ bị từ chối.\n`}
Bạn không phải gửi lại thư này. Nếu lý do là thư chưa ký số: từ nay hãy bật ký số (S/MIME) trong
ứng dụng thư bằng chứng thư của mình; nếu chưa có chứng thư hoặc chứng thư chưa được đăng ký, hãy
liên hệ quản trị hệ thống. Mỗi ngày hệ thống chỉ nhắc một lần về cùng một lý do.

--${" "}

This is an automatic notice from the mail server ${hostname}.

This message of yours was taken for delivery, but there is something to know about it:

    Subject: ${subject}
    To: ${to}
    Sent: ${provinceDate(acceptedAt)} ${clockTime(acceptedAt)} (UTC+7)
    Message-ID: <${messageId}>

Reason: ${reasonEn}.
${refusedFrom === null ? "" : `From ${provinceDate(refusedFrom)} on such messages will be refused.\n`}
You need not send it again. If the reason is a missing signature: from now on let your mail
program sign (S/MIME) with your certificate; if you have none, or it is not registered, ask the
administrators. You are told of the same reason once a day.
`.replaceAll("\n", "\r\n")
}
