/** What a warning says: Vietnamese, then English. Pure. */
import { provinceDate } from "../accounts/province-date.ts"
import type { DueWarning } from "./expiry-due.ts"

export const expirySubject = (warnings: readonly DueWarning[]): string => {
  const days = Math.min(...warnings.map((warning) => warning.days))
  const [only] = warnings
  return warnings.length === 1 && only
    ? `Chứng thư ký số của ${only.holder.name} sắp hết hạn (còn ${days} ngày) / A signing certificate ends within ${days} ${plural(days)}`
    : `${warnings.length} chứng thư ký số sắp hết hạn / ${warnings.length} signing certificates are about to end`
}

const plural = (days: number): string => (days === 1 ? "day" : "days")

const uses = {
  personal: { vi: "cá nhân", en: "personal" },
  organizational: { vi: "tổ chức", en: "organizational" },
  mobile: { vi: "trên thiết bị di động", en: "mobile" },
} as const satisfies Record<DueWarning["use"], { readonly vi: string; readonly en: string }>

const vietnameseDate = (ms: number): string => provinceDate(ms).split("-").toReversed().join("/")

const vi = ({ holder, use, subject, notAfter, fingerprint, days }: DueWarning): string =>
  `  - ${holder.name} (${holder.id}), chứng thư ${uses[use].vi}\n    hết hạn ngày ${vietnameseDate(notAfter)}, còn không quá ${days} ngày\n    ${subject}\n    SHA-256 ${fingerprint.slice(0, 16)}`

const en = ({ holder, use, subject, notAfter, fingerprint, days }: DueWarning): string =>
  `  - ${holder.name} (${holder.id}), ${uses[use].en} certificate\n    ends on ${provinceDate(notAfter)}, within ${days} ${plural(days)}\n    ${subject}\n    SHA-256 ${fingerprint.slice(0, 16)}`

/** Lines in CRLF. */
export const expiryText = (warnings: readonly DueWarning[], hostname: string): string =>
  `Đây là thông báo tự động của máy chủ thư ${hostname}.

Các chứng thư ký số sau đây sắp hết hạn:

${warnings.map(vi).join("\n")}

Hãy đề nghị cấp chứng thư mới và gửi cho quản trị hệ thống để đăng ký trước ngày hết hạn.
Sau ngày đó, thư ký bằng chứng thư cũ không còn được chấp nhận. Thư đã ký trước đó vẫn có giá trị.

--${" "}

This is an automatic notice from the mail server ${hostname}.

These signing certificates are about to end:

${warnings.map(en).join("\n")}

Please ask for a new certificate and have the administrators register it before that day.
After it, messages signed with the old one are not accepted any more. What was signed before stays valid.
`.replaceAll("\n", "\r\n")
