/** What a holder is told of changes to the own account: Vietnamese, then English. Pure. No secret is in it: the audit holds none. */
import { provinceDate } from "../accounts/province-date.ts"
import type { OwedChange, ToldChange } from "../store/change-notice-store.ts"

export const changeNoticeSubject = "Thay đổi liên quan đến an toàn của hộp thư / A security change of your account"

const utcOffsetMs = 7 * 3_600_000
const clockTime = (ms: number): string => new Date(ms + utcOffsetMs).toISOString().slice(11, 16)
const vietnameseDate = (ms: number): string => provinceDate(ms).split("-").toReversed().join("/")

type Words = { readonly vi: string; readonly en: string }

const what: Readonly<Record<ToldChange, Words>> = {
  "credential.passwordSet": { vi: "Mật khẩu đã được đổi", en: "The password was changed" },
  "credential.oneTimeMade": { vi: "Mật khẩu đã được đặt lại bằng mật khẩu dùng một lần", en: "The password was replaced by a one-time password" },
  "credential.appPasswordCreated": { vi: "Đã tạo mật khẩu ứng dụng", en: "An app password was made" },
  "credential.revoked": { vi: "Đã thu hồi một mật khẩu", en: "A password was revoked" },
  "secondFactor.added": { vi: "Đã thêm một bước xác thực", en: "A second factor was added" },
  "secondFactor.removed": { vi: "Đã gỡ một bước xác thực", en: "A second factor was removed" },
  "secondFactor.reset": { vi: "Quản trị viên đã đặt lại xác thực hai bước: mọi bước xác thực đã bị gỡ", en: "The second step was reset by an administrator: all second factors are gone" },
  "secondFactor.recoveryCodesMade": { vi: "Đã tạo các mã dự phòng mới, mã cũ không còn dùng được", en: "New recovery codes were made, the old ones count no more" },
  "secondFactor.recoveryCodeUsed": { vi: "Một mã dự phòng đã được dùng để đăng nhập", en: "A recovery code was used to sign in" },
  "account.forwardingSet": { vi: "Đã đặt chuyển tiếp thư tới", en: "Mail is now forwarded to" },
  "account.forwardingEnded": { vi: "Đã thôi chuyển tiếp thư tới", en: "Mail is no longer forwarded to" },
}

const ways: Readonly<Record<"cli" | "api" | "console", Words>> = {
  cli: { vi: "dòng lệnh trên máy chủ", en: "the server's command line" },
  api: { vi: "giao diện lập trình", en: "the API" },
  console: { vi: "trang web", en: "the web site" },
}

const maxNamed = 60
/** Somebody typed it, and he may not be whom the notice is for. */
const shownName = (named: string): string => {
  const printable = named.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").toWellFormed()
  return printable.length > maxNamed ? `${printable.slice(0, maxNamed).toWellFormed()}…` : printable
}

function entry({ kind, at, actor, named }: OwedChange, language: keyof Words): string {
  const say = (words: Words): string => words[language]
  const isForwarding = kind === "account.forwardingSet" || kind === "account.forwardingEnded"
  const about = named === null ? "" : isForwarding ? ` ${shownName(named)}` : `: “${shownName(named)}”`
  const when = language === "vi" ? `${clockTime(at)} ngày ${vietnameseDate(at)}` : `${provinceDate(at)} ${clockTime(at)} (UTC+7)`
  const who = actor === null ? say({ vi: "hệ thống", en: "the system" }) : `${shownName(actor.name)} (${say(ways[actor.via])})`
  const from = actor?.address === undefined ? "" : `\n    ${say({ vi: "Từ địa chỉ mạng", en: "From the network address" })}: ${shownName(actor.address)}`
  return `  * ${say(what[kind])}${about}\n    ${say({ vi: "Lúc", en: "When" })}: ${when}\n    ${say({ vi: "Người thực hiện", en: "By" })}: ${who}${from}`
}

/** Lines in CRLF. */
export function changeNoticeText(changes: readonly OwedChange[], { address, hostname }: { readonly address: string; readonly hostname: string }): string {
  const list = (language: keyof Words): string => changes.map((change) => entry(change, language)).join("\n\n")
  return `Đây là thông báo tự động của máy chủ thư ${hostname}.

Hộp thư ${address} vừa có thay đổi:

${list("vi")}

Nếu chính bạn đã làm, hoặc đã nhờ quản trị làm, bạn không cần làm gì thêm.

Nếu không phải bạn: hãy báo ngay cho quản trị hệ thống của đơn vị; rồi vào trang web của hệ thống
thư, phần “Của tôi”: đổi mật khẩu và chọn thu hồi mọi mật khẩu ứng dụng, xem lại xác thực hai bước,
chuyển tiếp thư và các phiên đăng nhập. Thư này cố ý không có đường dẫn: hãy tự gõ địa chỉ.

--${" "}

This is an automatic notice from the mail server ${hostname}.

Something was changed for the account ${address}:

${list("en")}

If you did it, or asked an administrator to, there is nothing to do.

If it was not you: tell the administrators at once; then open the mail system's web site, “My
account”: change the password and revoke all app passwords with it, and look through second
factors, forwarding and sessions. There is no link in this message on purpose: type the address.
`.replaceAll("\n", "\r\n")
}
