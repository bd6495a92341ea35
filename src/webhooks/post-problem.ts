/** Why a system was not told: kept as a code and what it rests on, so that whoever reads it has it in the own language. Pure. */
export const postProblemWords = {
  notAllowed: { vi: "không được phép gọi (notifications.webhooks)", en: "may not be called (notifications.webhooks)" },
  status: { vi: "trả lời với mã HTTP {what}", en: "answered with HTTP status {what}" },
  late: { vi: "không trả lời trong {what} giây", en: "did not answer within {what} s" },
  noAddress: { vi: "tên máy không có địa chỉ", en: "cannot be reached (has no address)" },
  private: { vi: "tên máy dẫn tới một địa chỉ nội bộ (notifications.webhooks)", en: "cannot be reached (leads to a private address (notifications.webhooks))" },
  refused: { vi: "từ chối kết nối", en: "refuses connections" },
  closed: { vi: "đóng kết nối mà không trả lời", en: "closed the connection without an answer" },
  certificate: { vi: "chứng thư TLS không được tin cậy ({what})", en: "has a TLS certificate that is not trusted ({what})" },
  unreachable: { vi: "không kết nối được ({what})", en: "cannot be reached ({what})" },
} as const satisfies Readonly<Record<string, { readonly vi: string; readonly en: string }>>
export type PostProblemCode = keyof typeof postProblemWords

export interface PostProblem {
  readonly code: PostProblemCode
  readonly what: string
}

export const keptProblem = ({ code, what }: PostProblem): string => (what === "" ? code : `${code} ${what}`)

/** A phrase after the address. */
export const problemText = (problem: PostProblem, language: "vi" | "en"): string => postProblemWords[problem.code][language].replace("{what}", () => problem.what)

const isCode = (text: string): text is PostProblemCode => Object.hasOwn(postProblemWords, text)

/** Of what was kept; what was kept in words is said as it is. */
export function keptProblemText(kept: string, language: "vi" | "en"): string {
  const [, code = "", what = ""] = /^(\w+)(?: (.*))?$/s.exec(kept) ?? []
  return isCode(code) && (what === "") === !postProblemWords[code].en.includes("{what}") ? problemText({ code, what }, language) : kept
}

/** Of an error of Node's `https`. */
export function connectProblem(error: unknown): PostProblem {
  if (error instanceof PostProblemError) return error.problem
  const code = typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : ""
  if (code === "ECONNREFUSED") return { code: "refused", what: "" }
  if (code === "ENOTFOUND") return { code: "noAddress", what: "" }
  if (code === "ECONNRESET") return { code: "closed", what: "" }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return { code: "certificate", what: code }
  return { code: "unreachable", what: error instanceof Error ? error.message : String(error) }
}

export class PostProblemError extends Error {
  readonly problem: PostProblem
  constructor(code: PostProblemCode) {
    super(code)
    this.problem = { code, what: "" }
  }
}
