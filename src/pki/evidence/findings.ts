/** Yes and no were checked here and now; unknown rests on somebody's word, or on what is not in the bundle. */
export type Holds = "yes" | "no" | "unknown"

export interface Finding {
  readonly id: FindingId
  readonly holds: Holds
  /** A hash, a time, problems by name: whatever the sentence is about. */
  readonly detail: string
  /** Whose certificate it is about, if it is about one: the signer's, or an authority's on the way up from it. */
  readonly subject?: string
}

interface Sentences {
  readonly vi: string
  readonly en: string
}

/** What each finding says, by how it came out; the detail follows in brackets. Findings that cannot come out one way have no sentence for it. */
const sentences = {
  messageSame: {
    yes: { vi: "Nội dung thư đúng là nội dung đã được tiếp nhận", en: "The message is the one that was accepted, octet by octet" },
    no: { vi: "Nội dung thư KHÔNG phải là nội dung đã được tiếp nhận", en: "The message is NOT the one that was accepted" },
  },
  messageAbsent: { unknown: { vi: "Tệp không chứa nội dung thư; hãy cung cấp bằng --message", en: "The message is not in the file; give it with --message" } },
  signatureIntact: {
    yes: { vi: "Chữ ký số toàn vẹn và bao trùm toàn bộ nội dung hiển thị", en: "The signature is intact and covers everything that is shown" },
    no: { vi: "Chữ ký số KHÔNG hợp lệ với nội dung", en: "The signature does NOT fit the message" },
  },
  sameReading: {
    yes: { vi: "Kết quả kiểm tra nội dung giống hệt lúc tiếp nhận", en: "Reading the message gives what it gave when it was accepted" },
    no: { vi: "Kết quả kiểm tra nội dung KHÁC lúc tiếp nhận", en: "Reading the message gives something ELSE than when it was accepted" },
  },
  certificateAbsent: { no: { vi: "Không có chứng thư của người ký", en: "The signer's certificate is missing" } },
  timeProven: { yes: { vi: "Dấu thời gian chứng minh thời điểm ký", en: "A time stamp proves when the signature existed" } },
  timeOurWord: { unknown: { vi: "Không có dấu thời gian: thời điểm là theo đồng hồ của máy chủ tiếp nhận", en: "There is no time stamp: the time is this server's word" } },
  timestampBad: { no: { vi: "Dấu thời gian không hợp lệ", en: "The time stamp does not hold" } },
  pathGood: {
    yes: { vi: "Đường dẫn chứng thực hợp lệ tại thời điểm đó", en: "The certification path was good at that time" },
    no: { vi: "Đường dẫn chứng thực KHÔNG hợp lệ tại thời điểm đó", en: "The certification path was NOT good at that time" },
  },
  anchorTrusted: {
    yes: { vi: "Đường dẫn kết thúc ở tổ chức chứng thực mà hệ thống này tin cậy", en: "The path ends at an authority that is trusted here" },
    no: { vi: "Đường dẫn kết thúc ở tổ chức chứng thực KHÔNG được tin cậy ở đây", en: "The path ends at an authority that is NOT trusted here" },
    unknown: { vi: "Hãy tự đối chiếu tổ chức chứng thực gốc", en: "Compare the authority at the root yourself" },
  },
  notRevoked: {
    yes: { vi: "Chứng thư chưa bị thu hồi tại thời điểm đó", en: "The certificate was not revoked at that time" },
    no: { vi: "Chứng thư ĐÃ bị thu hồi, hoặc bằng chứng về thu hồi không hợp lệ", en: "The certificate WAS revoked, or the evidence of its status does not hold" },
    unknown: { vi: "Không có bằng chứng về tình trạng thu hồi tại thời điểm đó", en: "There is no evidence of whether it was revoked at that time" },
  },
  expiredSince: { yes: { vi: "Chứng thư đã hết hạn từ đó đến nay; điều này không ảnh hưởng kết quả", en: "The certificate has expired since; that changes nothing" } },
  signingTime: {
    yes: { vi: "Thời điểm ký do người ký khai phù hợp", en: "The time that the signer claims fits" },
    unknown: { vi: "Thời điểm ký do người ký khai cách xa thời điểm tiếp nhận", en: "The time that the signer claims is far from it" },
  },
  holder: { yes: { vi: "Theo sổ đăng ký lúc đó, chứng thư được cấp cho", en: "By the registry of that time the certificate belonged to" } },
  statusThen: {
    yes: { vi: "Lúc tiếp nhận, chữ ký được coi là hợp lệ", en: "When it was accepted the signature was taken to be valid" },
    no: { vi: "Lúc tiếp nhận, chữ ký KHÔNG được coi là hợp lệ", en: "When it was accepted the signature was NOT taken to be valid" },
  },
  decision: { yes: { vi: "Quyết định lúc tiếp nhận (kết quả, quy tắc, phiên bản chính sách)", en: "What was decided then (verdict, rule, version of the policy)" } },
} as const satisfies Readonly<Record<string, Partial<Readonly<Record<Holds, Sentences>>>>>

export type FindingId = keyof typeof sentences

const marks: Readonly<Record<Holds, string>> = { yes: "✓", no: "✗", unknown: "?" }

/** One line: a mark, whom it is about, the sentence in both languages, the detail. */
export function findingLine({ id, holds, detail, subject }: Finding): string {
  const both: Partial<Readonly<Record<Holds, Sentences>>> = sentences[id]
  const sentence = both[holds]
  const text = sentence ? `${sentence.vi} / ${sentence.en}` : id
  return printable(`${marks[holds]} ${subject === undefined ? "" : `${subject}: `}${text}${detail === "" ? "" : ` [${detail}]`}`)
}

/** A name in a certificate or a bundle must not rewrite the line that it is shown on. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that must not reach a terminal
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
