import { dkimVerify } from "mailauth/lib/dkim/verify.js"
import { expect, test } from "vitest"
import { readToSign } from "../../../src/delivery/outgoing/message-to-sign.ts"
import { dkimSignatures } from "../../../src/mail/dkim/dkim-signature.ts"
import { keyRecord, keyRecordName } from "../../../src/mail/dkim/key-record.ts"
import { namesToSign } from "../../../src/mail/dkim/signed-fields.ts"
import { dkimAlgorithms, dkimPrivateKey, type DkimSigningKey, newDkimKey } from "../../../src/mail/dkim/signing-key.ts"
import { rawFields } from "../../../src/mail/header.ts"
import { pythonDkimUnavailable, pythonVerdicts } from "../../support/python-dkim.ts"

const made = await Promise.all(dkimAlgorithms.map(async (algorithm) => ({ domain: "tinh.example", selector: algorithm.slice(0, 3), algorithm, ...(await newDkimKey(algorithm)) })))
const keys: readonly DkimSigningKey[] = made.map((key) => ({ ...key, privateKey: dkimPrivateKey(key.privateKey) }))
const records = Object.fromEntries(made.map((key) => [keyRecordName(key), keyRecord(key)]))

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size))
}

const signed = async (message: string, size = 50_000): Promise<Buffer> => {
  const bytes = Buffer.from(message)
  const read = await readToSign(inPieces(bytes, size))
  if (!read) throw new Error("not read")
  return Buffer.concat([Buffer.from(await dkimSignatures({ ...read, now: Date.now() }, keys), "latin1"), bytes])
}

const head = "From: Nguyễn Văn An <an@tinh.example>\r\nTo: bo@xa.example\r\nSubject: thư\r\nDate: Thu, 26 Nov 2026 09:00:00 +0700\r\nMessage-ID: <1@tinh.example>\r\n"

const messages: Readonly<Record<string, string>> = {
  plain: `${head}\r\nxin chào\r\n`,
  "8-bit text and runs of white space": `${head}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nKính  gửi \t các   đơn vị \t\r\n \t\r\n  thụt đầu dòng\r\n`,
  "long lines": `${head}\r\n${"dài ".repeat(5_000)}\r\n${"x".repeat(30_000)}\r\n`,
  "empty body": `${head}\r\n`,
  "header without body": head,
  "a body of empty lines only": `${head}\r\n\r\n\r\n\r\n`,
  "a body of white space only": `${head}\r\n \t \r\n\t\r\n`,
  "trailing empty lines": `${head}\r\nthân\r\n\r\n \r\n\r\n`,
  "thousands of empty lines between": `${head}\r\nđầu\r\n${"\r\n".repeat(20_000)}cuối\r\n`,
  "no line end at the end": `${head}\r\nthân`,
  "folded and oddly spaced fields": `From:   An\r\n\t<an@tinh.example>\r\nTO :bo@xa.example,\r\n  co@xa.example \r\nSubject:\r\n thư \t hai\r\n  dòng\t\r\nCc:\r\nX-Other: 1\r\n\r\nthân\r\n`,
  "repeated fields": `${head}Cc: mot@xa.example\r\nCc: hai@xa.example\r\nReferences: <a@b>\r\n\r\nthân\r\n`,
  "dots and dashes": `${head}\r\n.\r\n..\r\n--\r\n.chấm\r\n`,
}

const resolver = async (name: string): Promise<string[][]> => {
  const text = records[name]
  if (text === undefined) throw Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" })
  return [[text]]
}
const byMailauth = async (message: Buffer): Promise<readonly string[]> => (await dkimVerify(message, { resolver })).results.map(({ status }) => status.result)

test.for(Object.entries(messages))("both signatures hold: %s", async ([, message]) => {
  for (const size of [50_000, 7, 1]) {
    if (size === 1 && message.length > 2_000) continue
    expect(await byMailauth(await signed(message, size))).toEqual(["pass", "pass"])
  }
})

// it refuses the obsolete white space before a colon (RFC 5322 §4.5), whoever signed
test.skipIf(pythonDkimUnavailable())("dkimpy agrees, for both algorithms", async () => {
  const verdicts = await pythonVerdicts(await Promise.all(Object.values(messages).map((message) => signed(message.replace("TO :", "TO:")))), records)
  expect(Object.keys(messages).filter((_, at) => verdicts[at]?.dkim.length !== 2 || verdicts[at]?.dkim.includes(false))).toEqual([])
})

test.each([
  { change: "the body", from: "xin chào", to: "xin chao" },
  { change: "a signed field", from: "Subject: thư", to: "Subject: thu" },
  { change: "a second From: in front", from: "From: Nguyễn", to: "From: ke@gian.example\r\nFrom: Nguyễn" },
  { change: "a second Subject: behind", from: "Message-ID:", to: "Subject: khác\r\nMessage-ID:" },
  { change: "a MIME-Version: that was not there", from: "Message-ID:", to: "MIME-Version: 1.0\r\nMessage-ID:" },
  { change: "text behind the end", from: "chào\r\n", to: "chào\r\nthêm\r\n" },
])("a change breaks them: $change", async ({ from, to }) => {
  const message = (await signed(messages["plain"] ?? "")).toString("latin1")
  const changed = message.replace(Buffer.from(from).toString("latin1"), Buffer.from(to).toString("latin1"))
  expect(changed).not.toBe(message)
  expect(await byMailauth(Buffer.from(changed, "latin1"))).not.toContain("pass")
})

test("what relays may do breaks nothing: refolding, trace fields, white space at line ends", async () => {
  const message = (await signed(messages["plain"] ?? "")).toString("latin1")
  const changed = `Received: from a by b\r\n${message.replace("Subject: ", "SUBJECT:\r\n\t").replace(/o\r\n$/, "o  \r\n\r\n")}`
  expect(await byMailauth(Buffer.from(changed, "latin1"))).toEqual(["pass", "pass"])
})

test("the fields that readers are shown are named once more than they occur", () => {
  expect(namesToSign(rawFields(Buffer.from("From: a\r\nCc: b\r\nCc: c\r\nX: d\r\n")))).toEqual(["from", "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "cc", "cc"])
})

test("a field is folded below 78 columns, and has no length tag", async () => {
  const [field = ""] = (await signed(messages["plain"] ?? "")).toString("latin1").split(/\r\n(?=From:)/)
  expect(field.split("\r\n").filter((line) => line.replace("\t", " ".repeat(8)).length > 78)).toEqual([])
  expect(field).not.toMatch(/[;\s]l=/)
})

test("a header that is too large to be parsed is not signed", async () => {
  expect(await readToSign(inPieces(Buffer.from(`From: an@tinh.example\r\nX: ${"x".repeat(1_100_000)}\r\n\r\nthân\r\n`), 60_000))).toBeUndefined()
})
