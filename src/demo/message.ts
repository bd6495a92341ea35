import { randomBytes } from "node:crypto"
import MailComposer from "nodemailer/lib/mail-composer/index.js"

/** What the demonstration sends: a dispatch with an attachment whose name has all its diacritics. */
export interface DemoMessage {
  readonly messageId: string
  readonly subject: string
  readonly attachmentName: string
  /** The bytes as submitted. */
  readonly raw: Buffer
}

export interface Parties {
  readonly sender: string
  readonly colleague: string
  readonly office: string
}

const attachmentName = "Công văn số 12-UBND về việc chuyển đổi số (dự thảo).pdf"
const attachmentBytes = 256 * 1024

export async function composeMessage({ sender, colleague, office }: Parties, hostname: string): Promise<DemoMessage> {
  const messageId = `<demo.${randomBytes(12).toString("hex")}@${hostname}>`
  const subject = "Xin ý kiến về dự thảo công văn"
  const raw = await new MailComposer({
    from: sender,
    to: colleague,
    cc: office,
    subject,
    messageId,
    text: "Kính gửi anh chị,\r\n\r\nXin gửi dự thảo công văn kèm theo để cho ý kiến trước thứ Sáu.\r\n\r\nTrân trọng.\r\n",
    attachments: [{ filename: attachmentName, content: Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(attachmentBytes)]), contentType: "application/pdf" }],
  })
    .compile()
    .build()
  return { messageId, subject, attachmentName, raw }
}
