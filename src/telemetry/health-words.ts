import type { Words } from "../accounts/provision/problems.ts"

/** What parts of the system say of themselves, in both languages: a closed list, so that whoever reads it has it in the own one. Pure. */
export const healthWords = {
  databaseAnswers: { vi: "trả lời sau {ms} ms", en: "answers in {ms} ms" },
  slow: { vi: "không trả lời trong {seconds} giây", en: "no answer within {seconds} s" },
  fault: { vi: "gặp lỗi: {reason}", en: "{reason}" },
  queueReached: { vi: "kết nối được", en: "can be reached" },
  queueAway: { vi: "không kết nối được; thư chờ chuyển nằm trong kho", en: "cannot be reached; deliveries wait in the store" },
  policyInForce: { vi: "phiên bản {version} đang có hiệu lực", en: "version {version} is in force" },
  policyUnusable: { vi: "văn bản mới nhất không dùng được, bản trước vẫn có hiệu lực: {reason}", en: "{reason}" },
  noSigningKeys: { vi: "không cấu hình khóa nào", en: "none configured" },
  signingKeys: { vi: "{count} khóa dùng được", en: "{count} can be used" },
  signingKeyUnusable: { vi: "có khóa không dùng được: {reason}", en: "{reason}" },
  dkimUnsigned: { vi: "thư gửi đi không được ký", en: "mail leaves unsigned" },
  dkimSigns: { vi: "ký cho {domains}", en: "signs for {domains}" },
  dkimWaits: { vi: "khóa mới chờ khai trên DNS: {domains}", en: "new keys wait for the DNS: {domains}" },
  certificateGood: { vi: "{name} đến {date}", en: "{name} until {date}" },
  certificateEnds: { vi: "chứng thư của {name} hết hạn ngày {date}", en: "the certificate of {name} ends on {date}" },
  certificateEnded: { vi: "chứng thư của {name} đã hết hạn ngày {date}", en: "the certificate of {name} ended on {date}" },
  certificateRevoked: { vi: "chứng thư của {name} đã bị thu hồi", en: "the certificate of {name} has been revoked" },
  certificateUnusable: { vi: "không dùng được tệp chứng thư mới, bản trước vẫn có hiệu lực: {reason}", en: "{reason}; the one before stays in force" },
  acmeInForce: { vi: "chứng thư có hiệu lực đến {date}", en: "a certificate is in force until {date}" },
  acmeUnsigned: { vi: "đang xin chứng thư: bản hiện có chưa được cơ quan chứng thực nào ký", en: "a certificate is being ordered: no authority has signed it" },
  acmeLacks: { vi: "đang xin chứng thư: bản hiện có không dành cho {names}", en: "a certificate is being ordered: it is not for {names}" },
  acmeEnds: { vi: "đang xin chứng thư: bản hiện có hết hạn ngày {date}", en: "a certificate is being ordered: it ends on {date}" },
  acmeFailed: { vi: "xin chứng thư {failures} lần không được, lần cuối vì {reason}; thử lại lúc {at}", en: "{failures} orders failed, the last because {reason}; the next is tried at {at}" },
  addressBookNew: { vi: "chưa đối chiếu lần nào", en: "not compared yet" },
  addressBookElsewhere: { vi: "tiến trình khác đang đối chiếu, {at}", en: "another process compares, {at}" },
  addressBookInStep: { vi: "khớp, {at}", en: "in step, {at}" },
  addressBookAway: { vi: "không kết nối được máy chủ LDAP từ {at}", en: "the LDAP server cannot be reached since {at}" },
  auditLate: { vi: "có mục chờ niêm phong đã {seconds} giây", en: "entries have waited for {seconds} s to be sealed" },
  auditHeadLate: { vi: "đầu chuỗi được ký lần cuối lúc {at}", en: "the head of the chain was last signed at {at}" },
  auditSealed: { vi: "{count} mục đã niêm phong", en: "{count} entries sealed" },
  reportsSent: { vi: "được gửi từ {from}", en: "are sent from {from}" },
  reportsOff: { vi: "không gửi: reports.send đang tắt", en: "are not sent: reports.send is off" },
  reportsNowhere: { vi: "không gửi: {domain} không phải tên miền công cộng (reports.send)", en: "are not sent: {domain} is no public domain (reports.send)" },
  reportsUnsigned: { vi: "không gửi: {domain} chưa có khóa DKIM để ký", en: "are not sent: {domain} has no DKIM keys that sign" },
  processSilent: { vi: "không trả lời", en: "does not answer" },
  processStarting: { vi: "đang khởi động", en: "starting" },
  processPausing: { vi: "chờ khởi động lại", en: "pausing" },
  processStopped: { vi: "đã dừng", en: "stopped" },
  processOther: { vi: "không báo về bộ phận này", en: "does not speak of this role" },
  processTooLong: { vi: "trả lời quá dài", en: "its answer is too long" },
} as const satisfies Readonly<Record<string, Words>>

export interface Said {
  readonly phrase: keyof typeof healthWords
  /** Times are milliseconds since the epoch: `at` a moment, `date` a day. */
  readonly values: Readonly<Record<string, string | number>>
}

export const said = (phrase: Said["phrase"], values: Said["values"] = {}): Said => ({ phrase, values })

/** How each language writes moments and days. */
export interface TimeWriting {
  readonly at: (ms: number) => string
  readonly date: (ms: number) => string
}

const inIso: TimeWriting = { at: (ms) => new Date(ms).toISOString(), date: (ms) => new Date(ms).toISOString().slice(0, 10) }

/** Undefined where another version of the program has said what this one has no words for. */
export function healthText(all: readonly Said[], language: keyof Words, times: TimeWriting = inIso): string | undefined {
  if (!all.every(({ phrase }) => Object.hasOwn(healthWords, phrase))) return undefined
  const shown = (name: string, value: string | number): string => ((name === "at" || name === "date") && typeof value === "number" ? times[name](value) : String(value))
  return all.map(({ phrase, values }) => healthWords[phrase][language].replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? shown(name, values[name] ?? "") : whole))).join("; ")
}
