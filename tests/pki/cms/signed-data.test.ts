import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { context, der, octetString, oid, sequence } from "../../../src/pki/der.ts"
import { CmsError } from "../../../src/pki/cms/cms-error.ts"
import { toDer } from "../../../src/pki/cms/der-encoding.ts"
import { readCms } from "../../../src/pki/cms/signed-data.ts"
import { stapledRevocations } from "../../../src/pki/cms/stapled-revocations.ts"
import { attribute, cmsOids, newSigner, signedData, usualAttributes } from "../../support/cms-writer.ts"
import { chunked, nested, toBer } from "./ber.ts"

const signer = newSigner()
const content = Buffer.from("Content-Type: text/plain\r\n\r\nKính gửi\r\n")
const attached = signedData(content, [signer], { attached: content })
const detached = signedData(content, [signer])

const read = async (bytes: Uint8Array, sizes?: readonly number[]) => {
  const pieces: Buffer[] = []
  const frame = await readCms(chunked(bytes, sizes), (piece) => {
    pieces.push(Buffer.from(piece))
  })
  return { frame, content: Buffer.concat(pieces) }
}
const problemOf = (bytes: Uint8Array) => read(bytes).then(() => "none", (error: unknown) => (error instanceof CmsError ? error.problem : error))

test("the frame of SignedData, its content streamed past", async () => {
  const { frame, content: seen } = await read(attached)
  expect(frame).toMatchObject({ kind: "signed", contentType: cmsOids.data, contentBytes: content.length, certificates: [signer.certificate], revocations: [] })
  expect(seen).toEqual(content)
  expect((await read(detached)).frame).toMatchObject({ kind: "signed", contentBytes: null })
})

test("anything else is named and not read", async () => {
  expect(await readCms(chunked(sequence(oid("1.2.840.113549.1.7.3"), context(0, Buffer.alloc(3)))))).toEqual({ kind: "other", contentType: "1.2.840.113549.1.7.3" })
})

test("chunks of any size and any BER give the same frame", async () => {
  const { frame } = await read(attached)
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 }), fc.integer({ min: 1, max: 100 }), async (sizes, segment) => {
    expect(await read(attached, sizes)).toEqual({ frame, content })
    const other = await read(toBer(attached, [signer.certificate], segment), sizes)
    expect(other.content).toEqual(content)
    expect(other.frame).toMatchObject({ contentType: cmsOids.data, contentBytes: content.length, certificates: [signer.certificate] })
  }), { numRuns: 100 })
})

test("CRLs and OCSP responses that came along", async () => {
  const crl = sequence(octetString(Buffer.from("crl")))
  const response = sequence(octetString(Buffer.from("ocsp")))
  const { frame } = await read(signedData(content, [signer], { revocations: [crl, context(1, oid("1.3.6.1.5.5.7.16.2"), response), context(1, oid("1.2.3"), response)] }))
  expect(frame.kind === "signed" && stapledRevocations(frame)).toEqual([{ kind: "crl", der: crl.toString("base64") }, { kind: "ocsp", der: response.toString("base64") }])
})

describe("limits", () => {
  const shell = (...after: readonly Buffer[]): Buffer => sequence(oid(cmsOids.signedData), context(0, sequence(der(2, Buffer.from([1])), der(0x31), sequence(oid(cmsOids.data)), ...after)))
  test.each<[string, Buffer, string]>([
    ["nothing", Buffer.alloc(0), "malformed"],
    ["text", Buffer.from("xin chào"), "malformed"],
    ["a length of 2^40", Buffer.from([0x30, 0x85, 1, 0, 0, 0, 0]), "malformed"],
    ["a length of a length of 126", Buffer.from([0x30, 0xfe, 1]), "malformed"],
    ["bytes behind the end", Buffer.concat([detached, Buffer.from([0])]), "malformed"],
    ["no signers", shell(), "malformed"],
    ["an element longer than its container", shell(der(0x31, Buffer.from([0x30, 0x20, 5, 0]))), "malformed"],
    ["one without a length that goes on behind its container", shell(Buffer.concat([Buffer.from([0x31, 4, 0x30, 0x80, 5, 0, 5, 0, 0, 0])])), "malformed"],
    ["something behind the signers", shell(der(0x31), der(5)), "malformed"],
    ["a certificate too large", shell(context(0, sequence(Buffer.alloc(70_000))), der(0x31)), "tooLarge"],
    ["certificates too large together", shell(context(0, ...Array.from({ length: 32 }, () => sequence(Buffer.alloc(65_000)))), context(1, sequence(Buffer.alloc(100_000))), der(0x31)), "tooLarge"],
    ["a CRL too large", shell(context(1, sequence(Buffer.alloc(3_000_000))), der(0x31)), "tooLarge"],
    ["too many CRLs", shell(context(1, ...Array.from({ length: 17 }, () => sequence())), der(0x31)), "tooLarge"],
    ["an indefinite length nested too deeply", shell(context(0, nested(200, false)), der(0x31)), "tooDeep"],
    ["a content in segments of segments of segments", sequence(oid(cmsOids.signedData), context(0, sequence(der(2, Buffer.from([1])), der(0x31), sequence(oid(cmsOids.data), context(0, der(0x24, der(0x24, der(0x24, der(0x24, der(0x24, octetString(content)))))))), der(0x31)))), "tooDeep"],
    ["more segments than anybody makes", sequence(oid(cmsOids.signedData), context(0, sequence(der(2, Buffer.from([1])), der(0x31), sequence(oid(cmsOids.data), context(0, der(0x24, Buffer.alloc(610_000, Buffer.from([4, 0]))))), der(0x31)))), "tooLarge"],
    ["a content that is no octet string", sequence(oid(cmsOids.signedData), context(0, sequence(der(2, Buffer.from([1])), der(0x31), sequence(oid(cmsOids.data), context(0, sequence())), der(0x31)))), "malformed"],
  ])("%s", async (_what, bytes, problem) => {
    expect(await problemOf(bytes)).toBe(problem)
  })
})

test("the source is closed when the rest of it is not wanted", async () => {
  let closed = false
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield sequence(oid("1.2.3"))
      yield Buffer.alloc(100)
    } finally {
      closed = true
    }
  }
  await readCms(source())
  expect(closed).toBe(true)
})

test("DER comes out of any BER", () => {
  const value = der(0x31, ...[...usualAttributes(content), attribute("1.2.3", der(1, Buffer.from([0xff])))].sort((one, two) => Buffer.compare(one, two)))
  expect(toDer(value, 20)).toEqual(value)
  expect(toDer(toBer(value), 20)).toEqual(value)
  expect(toDer(der(0x31, der(1, Buffer.from([7]))), 20)).toEqual(der(0x31, der(1, Buffer.from([0xff]))))
  expect(() => toDer(nested(30, false), 20)).toThrow(CmsError)
  expect(() => toDer(nested(30, true), 20)).toThrow(CmsError)
})

test("whatever the bytes are, reading ends with a frame or one of its own errors", async () => {
  const mutation = fc.tuple(fc.nat(attached.length - 1), fc.uint8Array({ maxLength: 6 }), fc.nat(12))
  await fc.assert(fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.boolean(), async (mutations, asBer) => {
    let bytes: Buffer = asBer ? toBer(attached, [signer.certificate]) : attached
    for (const [at, put, cut] of mutations) bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)])
    expect(await problemOf(bytes)).toBeTypeOf("string")
    try {
      toDer(bytes, 20)
    } catch (error) {
      expect(error).toBeInstanceOf(CmsError)
    }
  }), { numRuns: 2_000 })
})

test("content in crumbs is refused", async () => {
  const crumbs = sequence(oid(cmsOids.signedData), context(0, sequence(der(2, Buffer.from([1])), der(0x31), sequence(oid(cmsOids.data), context(0, der(0x24, ...Array.from({ length: 100_001 }, () => octetString(Buffer.alloc(0)))))), der(0x31))))
  expect(await problemOf(crumbs)).toBe("tooLarge")
})
