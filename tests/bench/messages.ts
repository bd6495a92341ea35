import { randomBytes } from "node:crypto"

/** Messages like those of an office: Vietnamese text in UTF-8, an HTML part, above 4 KB an attachment. No line begins with a dot. */
export interface MessageRequest {
  readonly from: string
  readonly to: string
  readonly bytes: number
  readonly subject?: string
  /** Added to the header, ending in CRLF. */
  readonly extraHeader?: string
}

const words =
  "Kính gửi các cơ quan đơn vị trực thuộc về việc báo cáo tiến độ thực hiện kế hoạch tháng này đề nghị gửi văn bản trả lời trước ngày cuối tuần để tổng hợp trình lãnh đạo xem xét quyết định theo thẩm quyền".split(" ")

const run = randomBytes(6).toString("hex")
const bodies = new Map<number, Buffer>()
let serial = 0

export function message({ from, to, bytes, subject, extraHeader = "" }: MessageRequest): Buffer {
  const number = ++serial
  const header = [
    `From: "Bench" <${from}>`,
    `To: <${to}>`,
    `Subject: ${subject ?? `Letter ${number} of ${run}`}`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${run}.${number}@bench.example>`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="outer"',
  ].join("\r\n")
  return Buffer.concat([Buffer.from(`${header}\r\n${extraHeader}\r\n`), bodyOf(bytes)])
}

/** A message whose attachment has so many bytes before its base64. */
export function letterWithAttachment({ from, to, bytes }: MessageRequest): Buffer {
  const head = message({ from, to, bytes: 1024 }).toString("latin1").replace(/--outer--\r\n$/, "")
  return Buffer.from(`${head}${attachment(bytes)}--outer--\r\n`, "latin1")
}

function bodyOf(bytes: number): Buffer {
  const made = bodies.get(bytes)
  if (made) return made
  const room = Math.max(200, bytes - 1000)
  const attached = bytes > 4096 ? Math.floor(room * 0.6) : 0
  const each = Math.floor((room - attached) / 2)
  const parts = [
    '--outer\r\nContent-Type: multipart/alternative; boundary="inner"\r\n\r\n',
    `--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${prose(each)}`,
    `\r\n--inner\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body><p>${prose(each)}</p></body></html>\r\n--inner--\r\n`,
    attached > 0 ? attachment(Math.floor(attached * 0.73)) : "",
    "--outer--\r\n",
  ]
  const body = Buffer.from(parts.join(""))
  bodies.set(bytes, body)
  return body
}

function prose(bytes: number): string {
  const lines: string[] = []
  let at = 0
  for (let size = 0; size < bytes; ) {
    const line = Array.from({ length: 12 }, () => words[at++ % words.length]).join(" ")
    lines.push(line)
    size += Buffer.byteLength(line) + 2
  }
  return `${lines.join("\r\n")}\r\n`
}

const attachment = (bytes: number): string =>
  `--outer\r\nContent-Type: application/pdf; name="cong-van.pdf"\r\nContent-Disposition: attachment; filename="cong-van.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${
    randomBytes(bytes).toString("base64").replace(/.{76}/g, "$&\r\n")
  }\r\n`
