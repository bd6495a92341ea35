import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { SignatureFacts, SignatureProblem, SignerFacts } from "../pki/signature-facts.ts"
import { civilDate } from "./civil-time.ts"

/**
 * What is wrong with a message's signature, in one sentence for each language: which certificate, why, and what to do. The reply
 * of SMTP that carries it has room for about 480 octets of both together (RFC 5321 §4.5.3.1.5), so each stays short. Pure.
 */
export interface SignatureReason {
  /** The problem that is told; null when the message is not signed, or only encrypted. */
  readonly problem: SignatureProblem | null
  readonly status: EnhancedStatus
  readonly vi: string
  readonly en: string
}

interface Sentence {
  readonly vi: string
  readonly en: string
  readonly status: EnhancedStatus
}

/** RFC 3463 §3.8: X.7.7 the content was changed; X.7.6 an algorithm is not supported; X.7.5 what verifying needs is missing or invalid; X.7.1 not allowed. */
const integrity = enhancedStatus.integrityFailure
const algorithm = enhancedStatus.cryptographicAlgorithm
const cryptographic = enhancedStatus.cryptographicFailure
const refused = enhancedStatus.refusedByPolicy

/**
 * In the order in which they are told when there are several: what is certainly wrong first. `{certificate}` is its holder's name
 * and number, `{until}` the day of its expiry.
 */
const sentences: Readonly<Record<SignatureProblem, Sentence>> = {
  revoked: { status: cryptographic, vi: "Chứng thư {certificate} đã bị thu hồi; hãy ký bằng chứng thư khác", en: "Certificate {certificate} is revoked; sign with another one" },
  holderSuspended: { status: refused, vi: "Chủ chứng thư {certificate} đang bị tạm ngưng; hãy liên hệ quản trị", en: "The holder of certificate {certificate} is suspended; ask the administrator" },
  broken: { status: integrity, vi: "Chữ ký không khớp nội dung: thư đã bị sửa sau khi ký; hãy ký và gửi lại", en: "The signature does not match: the message was changed after signing; sign and send it again" },
  senderMismatch: { status: refused, vi: "Chứng thư {certificate} không phải của địa chỉ gửi; hãy ký bằng chứng thư của người gửi", en: "Certificate {certificate} does not speak for the sender; sign with the sender's own" },
  holderMismatch: { status: refused, vi: "Người giữ chứng thư {certificate} không phải người gửi; hãy ký bằng chứng thư của mình", en: "The holder of certificate {certificate} is not the sender; sign with your own" },
  noSigningRight: { status: refused, vi: "Người giữ chứng thư {certificate} chưa có quyền ký cho hộp thư này; hãy xin cấp quyền ký", en: "The holder of certificate {certificate} may not sign for this account; ask for the right to sign" },
  unregistered: { status: refused, vi: "Chứng thư {certificate} chưa được đăng ký tại đây; hãy đăng ký với quản trị", en: "Certificate {certificate} is not registered here; have the administrator register it" },
  expired: { status: cryptographic, vi: "Chứng thư {certificate} đã hết hạn ngày {until}; hãy gia hạn rồi ký lại", en: "Certificate {certificate} expired on {until}; renew it and sign again" },
  notYetValid: { status: cryptographic, vi: "Chứng thư {certificate} chưa đến ngày hiệu lực; hãy kiểm tra đồng hồ hoặc chờ đến ngày", en: "Certificate {certificate} is not valid yet; check the clock or wait" },
  headerMismatch: { status: integrity, vi: "Tiêu đề thư khác với tiêu đề đã ký{fields}; hãy ký và gửi lại từ phần mềm thư", en: "The header differs from the signed one{fields}; sign and send it again from the mail program" },
  partial: { status: integrity, vi: "Chữ ký chỉ bao một phần của thư; hãy ký toàn bộ thư", en: "Only a part of the message is signed; sign all of it" },
  prepended: { status: integrity, vi: "Có nội dung chèn trước phần đã ký; hãy ký toàn bộ thư", en: "Something stands before the signed part; sign the whole message" },
  appended: { status: integrity, vi: "Có nội dung chèn sau phần đã ký; hãy ký toàn bộ thư", en: "Something stands after the signed part; sign the whole message" },
  empty: { status: integrity, vi: "Phần đã ký không có nội dung; hãy ký nội dung thư", en: "The signed part is empty; sign the content" },
  hiddenHtml: { status: integrity, vi: "Mã HTML của thư che hoặc thay đổi phần đã ký; hãy gửi dạng đơn giản hơn", en: "The HTML hides or alters what is signed; send a simpler form" },
  externalContent: { status: integrity, vi: "Phần đã ký lấy nội dung từ bên ngoài thư; hãy gửi kèm nội dung đó", en: "The signed part draws in content from elsewhere; send that content along" },
  ambiguousFrom: { status: integrity, vi: "Dòng From không cho biết rõ một người gửi; hãy chỉ để một địa chỉ", en: "From: does not name one sender; leave one address" },
  misleadingDisplayName: { status: integrity, vi: "Tên hiển thị trong dòng From là một địa chỉ khác; hãy sửa tên hiển thị", en: "The display name in From: is another address; correct it" },
  extraSigner: { status: integrity, vi: "Thư có thêm chữ ký của người khác; hãy chỉ giữ chữ ký của người gửi", en: "Somebody else has signed too; keep only the sender's signature" },
  contentTypeMismatch: { status: integrity, vi: "Chữ ký ghi loại nội dung khác với thư; hãy ký lại", en: "The signature names another content type; sign again" },
  notCanonical: { status: integrity, vi: "Nội dung ký không ở dạng chuẩn; hãy ký lại bằng phần mềm thư khác", en: "The signed content is not in canonical form; sign with another mail program" },
  malformed: { status: integrity, vi: "Chữ ký hỏng, không đọc được; hãy ký và gửi lại", en: "The signature cannot be read; sign and send it again" },
  weakAlgorithm: { status: algorithm, vi: "Thuật toán ký quá yếu; hãy chọn SHA-256 trở lên trong phần mềm thư", en: "The signature algorithm is too weak; choose SHA-256 or better in the mail program" },
  unsupportedAlgorithm: { status: algorithm, vi: "Thuật toán ký không được hỗ trợ; hãy dùng RSA hoặc ECDSA với SHA-256", en: "The signature algorithm is not supported; use RSA or ECDSA with SHA-256" },
  weakKey: { status: algorithm, vi: "Khóa của chứng thư {certificate} quá ngắn; hãy xin cấp chứng thư mới", en: "The key of certificate {certificate} is too short; get a new certificate" },
  untrusted: { status: cryptographic, vi: "Nơi cấp chứng thư {certificate} không được tin cậy ở đây; hãy dùng chứng thư công vụ", en: "The issuer of certificate {certificate} is not trusted here; use an official certificate" },
  wrongPurpose: { status: cryptographic, vi: "Chứng thư {certificate} không dùng để ký thư; hãy chọn chứng thư ký thư", en: "Certificate {certificate} is not for signing mail; choose one that is" },
  nameConstraint: { status: cryptographic, vi: "Nơi cấp không được cấp chứng thư {certificate} cho tên này; hãy liên hệ nơi cấp", en: "The issuer may not certify the name of {certificate}; ask the issuer" },
  pathTooLong: { status: cryptographic, vi: "Chuỗi chứng thực của {certificate} quá dài; hãy liên hệ nơi cấp", en: "The certification path of {certificate} is too long; ask the issuer" },
  criticalExtension: { status: cryptographic, vi: "Chứng thư {certificate} có phần mở rộng bắt buộc mà máy chủ không hiểu; hãy liên hệ nơi cấp", en: "Certificate {certificate} has a critical extension unknown here; ask the issuer" },
  badPath: { status: cryptographic, vi: "Chuỗi chứng thực của {certificate} không hợp lệ; hãy liên hệ nơi cấp", en: "The certification path of {certificate} is not valid; ask the issuer" },
  noCertificate: { status: cryptographic, vi: "Thư đã ký nhưng không kèm chứng thư; hãy bật gửi kèm chứng thư khi ký", en: "The signer's certificate did not come along; have the mail program include it" },
  signingTimeImplausible: { status: cryptographic, vi: "Giờ ký không hợp lý; hãy chỉnh đồng hồ máy rồi ký lại", en: "The signing time is not plausible; set the clock and sign again" },
  timestampInvalid: { status: cryptographic, vi: "Dấu thời gian của chữ ký không hợp lệ; hãy ký lại", en: "The signature's time stamp is not valid; sign again" },
  tooLarge: { status: refused, vi: "Phần chữ ký quá lớn để kiểm tra; hãy gửi thư nhỏ hơn", en: "The signature is too large to be checked; send a smaller message" },
  tooDeep: { status: refused, vi: "Thư lồng quá nhiều lớp để kiểm tra chữ ký; hãy gửi dạng đơn giản hơn", en: "The message is nested too deeply to be checked; send a simpler form" },
  tooManyCertificates: { status: refused, vi: "Chữ ký kèm quá nhiều chứng thư; hãy chỉ kèm chuỗi của mình", en: "Too many certificates came along; include only your own path" },
  tooManySigners: { status: refused, vi: "Thư có quá nhiều chữ ký; hãy chỉ giữ chữ ký của người gửi", en: "The message has too many signers; keep only the sender's" },
  tooSlow: { status: refused, vi: "Kiểm tra chữ ký mất quá nhiều thời gian; hãy gửi thư đơn giản hơn", en: "Checking the signature took too long; send a simpler message" },
  revocationUnknown: { status: cryptographic, vi: "Chưa biết chứng thư {certificate} có bị thu hồi không; hãy gửi lại sau", en: "It is not known whether certificate {certificate} is revoked; try again later" },
}

const missing: Sentence = { status: refused, vi: "Thư chưa được ký số; hãy ký bằng chứng thư công vụ rồi gửi lại", en: "The message is not signed; sign it with an official certificate and send it again" }
const encrypted: Sentence = {
  status: refused,
  vi: "Thư đã mã hóa nên không thấy chữ ký; hãy ký lên thư đã mã hóa, hoặc gửi không mã hóa",
  en: "The message is encrypted and no signature is visible; sign the encrypted message, or send it unencrypted",
}
const unclear: Sentence = { status: cryptographic, vi: "Chữ ký không hợp lệ; hãy ký và gửi lại", en: "The signature is not valid; sign and send it again" }

const order = Object.keys(sentences) as readonly SignatureProblem[]

/** Null for a valid signature: there is nothing to tell. */
export function signatureReason(facts: SignatureFacts): SignatureReason | null {
  if (facts.status === "valid") return null
  const all = new Set([...facts.problems, ...facts.signers.flatMap(({ problems }) => problems)])
  const problem = order.find((one) => all.has(one)) ?? null
  if (problem === null) {
    const { status, vi, en } = facts.status === "missing" ? missing : facts.status === "encrypted" ? encrypted : unclear
    return { problem, status, vi, en }
  }
  const signer = facts.signers.find(({ problems }) => problems.includes(problem)) ?? facts.signers[0]
  const { status, vi, en } = sentences[problem]
  const told = { certificate: signer ? certificateName(signer) : "", until: signer ? civilDate(signer.notAfter) : "", fields: fieldsText(facts.headerDiffers ?? []) }
  return { problem, status, vi: fill(vi, told), en: fill(en, told) }
}

/** In one go: a name with a dollar sign or a placeholder in it is a name. */
const fill = (sentence: string, told: Readonly<Record<string, string>>): string => sentence.replace(/\{(\w+)\}/g, (_, word: string) => told[word] ?? "").replace("  ", " ")

const maxFieldNames = 3

/** " (From, Reply-To)"; empty for none. */
const fieldsText = (names: readonly string[]): string =>
  names.length === 0 ? "" : ` (${names.slice(0, maxFieldNames).map((name) => name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())).join(", ")}${names.length > maxFieldNames ? ", …" : ""})`

const maxNameCharacters = 40
const maxSerialCharacters = 20

/** Whose it is and its number. Names come from the certificate, whoever made it: what could break a reply line is not repeated. */
function certificateName({ holder, subject, serialNumber }: SignerFacts): string {
  const name = shorten(printable(holder?.name ?? commonNameOf(subject)), maxNameCharacters)
  const number = shorten(printable(serialNumber), maxSerialCharacters)
  return [name && `"${name}"`, number && `(${number})`].filter(Boolean).join(" ")
}

// oxlint-disable-next-line no-control-regex -- exactly the characters that must not reach a reply
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029"]/g, "").trim()

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** RFC 4514 §3: the CN of a name as text; the whole text when there is none. */
const commonNameOf = (subject: string): string => (/(?:^|,)\s*CN=((?:\\.|[^,\\])*)/i.exec(subject)?.[1] ?? subject).replace(/\\(.)/g, "$1")
