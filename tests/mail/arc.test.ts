import { authenticate } from "mailauth"
import { expect, test } from "vitest"
import { readToSign } from "../../src/delivery/outgoing/message-to-sign.ts"
import { readChain } from "../../src/mail/arc/chain.ts"
import { nextSet, sealMessage } from "../../src/mail/arc/seal.ts"
import { keyRecord, keyRecordName } from "../../src/mail/dkim/key-record.ts"
import { dkimPrivateKey, newDkimKey } from "../../src/mail/dkim/signing-key.ts"
import { rawFields } from "../../src/mail/header.ts"
import { pythonDkimUnavailable, pythonVerdicts } from "../support/python-dkim.ts"

const made = { domain: "mail.tinh.example", selector: "s1", algorithm: "rsa-sha256" as const, ...(await newDkimKey("rsa-sha256")) }
const key = { ...made, privateKey: dkimPrivateKey(made.privateKey) }
const records = { [keyRecordName(made)]: keyRecord(made) }
const letter = Buffer.from("DKIM-Signature: v=1; a=rsa-sha256; d=ngoai.example; s=x; h=from; bh=; b=\r\nFrom: an@ngoai.example\r\nTo: nhom@tinh.example\r\nSubject: thư\r\nDate: Thu, 26 Nov 2026 09:00:00 +0700\r\nMessage-ID: <1@ngoai.example>\r\n\r\nxin  chào \r\n\r\n")

async function* whole(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield Uint8Array.from(bytes)
}
const sealed = async (message: Buffer, incoming: "pass" | "fail" | undefined, results = " mail.tinh.example;\r\n\tspf=pass smtp.mailfrom=an@ngoai.example\r\n"): Promise<Buffer> => {
  const read = await readToSign(whole(message))
  if (!read) throw new Error("not read")
  return Buffer.concat([Buffer.from(await sealMessage({ message: { ...read, now: Date.now() }, key, results, incoming }), "latin1"), message])
}
const resolver = async (name: string): Promise<string[][]> => {
  const text = records[name]
  if (text === undefined) throw Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" })
  return [[text]]
}
const chain = async (message: Buffer): Promise<string | false> => {
  const { arc } = await authenticate(message, { ip: "192.0.2.1", helo: "a.example", sender: "an@ngoai.example", mta: "khac.example", resolver })
  return arc !== false && arc.status.result
}

test("a first, a second and a third set make a chain that holds", async () => {
  const first = await sealed(letter, undefined)
  const second = await sealed(first, "pass")
  const third = await sealed(Buffer.concat([Buffer.from("Received: from a by b; Thu, 26 Nov 2026 09:00:00 +0700\r\n"), second]), "pass")
  expect(third.toString().match(/cv=\w+/g)).toEqual(["cv=pass", "cv=pass", "cv=none"])
  expect([await chain(first), await chain(second), await chain(third)]).toEqual(["pass", "pass", "pass"])
})

test.skipIf(pythonDkimUnavailable())("dkimpy agrees, and sees what was changed afterwards", async () => {
  const first = await sealed(letter, undefined)
  const third = await sealed(await sealed(first, "pass"), "pass")
  const changed = Buffer.from(third.toString("latin1").replace("xin", "sin"), "latin1")
  const forged = Buffer.from(third.toString("latin1").replace("spf=pass", "spf=none"), "latin1")
  expect((await pythonVerdicts([first, third, changed, forged], records)).map(({ arc }) => arc)).toEqual(["pass", "pass", "fail", "fail"])
})

test("a chain that does not hold is sealed once as failed, by its own set only, and then left alone", async () => {
  const first = await sealed(letter, undefined)
  const failedOnce = await sealed(Buffer.from(first.toString("latin1").replace("xin", "sin"), "latin1"), "fail")
  expect(failedOnce.toString()).toMatch(/^ARC-Seal: i=2; [^]*?cv=fail/)
  expect(await sealed(failedOnce, "fail")).toEqual(failedOnce)
})

const set = (instance: number, validation: string): string => `ARC-Seal: i=${instance}; cv=${validation}; b=x\r\nARC-Message-Signature: a=b; i=${instance}\r\nARC-Authentication-Results: i=${instance}; a.example; none\r\n`
test.each([
  { what: "no chain", fields: "", incoming: undefined, next: { instance: 1, validation: "none" } },
  { what: "a chain that nobody looked at", fields: set(1, "none"), incoming: undefined, next: undefined },
  { what: "a chain that holds", fields: set(2, "pass") + set(1, "none"), incoming: "pass", next: { instance: 3, validation: "pass" } },
  { what: "a chain that does not", fields: set(2, "pass") + set(1, "none"), incoming: "fail", next: { instance: 3, validation: "fail" } },
  { what: "a gap", fields: set(3, "pass") + set(1, "none"), incoming: "pass", next: { instance: 4, validation: "fail" } },
  { what: "a doubled set", fields: set(1, "none") + set(1, "none"), incoming: "pass", next: { instance: 2, validation: "fail" } },
  { what: "a set without its seal", fields: "ARC-Authentication-Results: i=1; a.example; none\r\n", incoming: "fail", next: { instance: 2, validation: "fail" } },
  { what: "an instance that is no number", fields: "ARC-Seal: i=x; cv=none\r\n", incoming: "fail", next: { instance: 1, validation: "fail" } },
  { what: "the longest chain there is", fields: Array.from({ length: 50 }, (_, at) => set(at + 1, at === 0 ? "none" : "pass")).join(""), incoming: "pass", next: undefined },
  { what: "more than that", fields: set(999, "pass"), incoming: "fail", next: undefined },
] as const)("behind $what", ({ fields, incoming, next }) => {
  const found = nextSet(readChain(rawFields(Buffer.from(fields))), incoming)
  if (next) expect(found).toMatchObject(next)
  else expect(found).toBeUndefined()
})
