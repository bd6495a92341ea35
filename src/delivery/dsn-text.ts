/** The human part of a DSN (RFC 3464 §1.1): Vietnamese, then English. Pure. */
import type { DsnKind } from "../store/delivery-store.ts"

export interface DsnWords {
  readonly kind: DsnKind
  readonly hostname: string
  readonly recipients: readonly { readonly address: string; readonly relayed: boolean; readonly diagnostic: string }[]
  /** When the last attempt will be made, for a delay. */
  readonly retryUntil: string
}

export const dsnSubject = { failure: "Không chuyển được thư / Undelivered mail", delay: "Thư bị chậm / Delayed mail", success: "Đã chuyển thư / Delivered mail" } as const satisfies Record<DsnKind, string>

const intro = {
  failure: {
    vi: "Thư của bạn không chuyển được tới những người nhận sau. Hệ thống sẽ không thử lại nữa.",
    en: "Your message could not be delivered to the following recipients. It will not be tried again.",
  },
  delay: {
    vi: "Thư của bạn chưa chuyển được tới những người nhận sau. Bạn không cần gửi lại: hệ thống vẫn tiếp tục thử.",
    en: "Your message has not yet been delivered to the following recipients. You need not send it again: delivery is still being tried.",
  },
  success: { vi: "Thư của bạn đã được chuyển tới những người nhận sau.", en: "Your message has been delivered to the following recipients." },
} as const satisfies Record<DsnKind, { readonly vi: string; readonly en: string }>

const relayedNote = { vi: "đã chuyển sang máy chủ khác, nơi đó có thể không báo lại", en: "passed on to another server, which may send no report" }

const list = ({ recipients }: DsnWords, note: string): string =>
  recipients.map(({ address, relayed, diagnostic }) => `    ${address}${relayed ? ` (${note})` : ""}${diagnostic === "" ? "" : `\r\n        ${diagnostic}`}\r\n`).join("")

export function dsnText(words: DsnWords): string {
  const { kind, hostname, retryUntil } = words
  const until = kind === "delay" ? { vi: `Lần thử cuối cùng: ${retryUntil}\r\n\r\n`, en: `Last attempt: ${retryUntil}\r\n\r\n` } : { vi: "", en: "" }
  return [
    `Đây là thông báo tự động của máy chủ thư ${hostname}.\r\n\r\n${intro[kind].vi}\r\n\r\n${list(words, relayedNote.vi)}\r\n${until.vi}`,
    "-- \r\n\r\n",
    `This is an automatic notice from the mail server ${hostname}.\r\n\r\n${intro[kind].en}\r\n\r\n${list(words, relayedNote.en)}\r\n${until.en}`,
  ].join("")
}
