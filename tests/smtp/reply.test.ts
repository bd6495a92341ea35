import { expect, test } from "vitest"
import { enhancedStatus } from "../../src/mail/enhanced-status.ts"
import { replyText } from "../../src/smtp/reply.ts"

const said = (text: string, smtpUtf8 = false): string => replyText({ code: 550, status: enhancedStatus.ok, text }, smtpUtf8)

test.each([
  ["Thư của cơ quan phải được ký số; ĐỐI TƯỢNG", "Thu cua co quan phai duoc ky so; DOI TUONG"],
  ['Chứng thư "Lê Văn Ý" (407e5f903e37d105648…) đã hết hạn', 'Chung thu "Le Van Y" (407e5f903e37d105648...) da het han'],
  ["dấu “TUYỆT MẬT” – ‘mật’ — «x»", "dau \"TUYET MAT\" - 'mat' - \"x\""],
  ["Trần 陳", "Tran ?"],
  ["one\r\n250 two", "one??250 two"],
])("a client without SMTPUTF8 reads %j as %j", (text, expected) => {
  expect(said(text)).toBe(`2.0.0 ${expected}`)
})

test("a client that gave SMTPUTF8 reads Vietnamese as it is written (RFC 6531 §3.7.4.2)", () => {
  expect(said("phải được ký số", true)).toBe("2.0.0 phải được ký số")
})
