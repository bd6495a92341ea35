import { createHash } from "node:crypto"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { checkDane, type Tlsa, tlsaText, usableRecords } from "../../src/delivery/dane.ts"
import { tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"

const root = tlsAuthority("Root")
const middle = tlsAuthority("Middle", root)
const other = tlsAuthority("Other")
const good = tlsIdentity({ names: ["mx.xa.example"], by: middle }).issued
const stale = tlsIdentity({ names: ["mx.xa.example"], by: middle, expired: true }).issued
const foreign = tlsIdentity({ names: ["mx.khac.example"], by: middle }).issued

const at = Date.now()
const names = ["mx.xa.example", "xa.example"]
type Shown = typeof good
const digest = (name: "sha256" | "sha512", bytes: Uint8Array): Buffer => createHash(name).update(bytes).digest()
const record = (usage: number, selector: number, matching: number, { certificate }: Shown): Tlsa => {
  const bytes = selector === 0 ? certificate.der : certificate.publicKeyInfo
  return { usage, selector, matching, association: matching === 0 ? bytes : digest(matching === 1 ? "sha256" : "sha512", bytes) }
}
const check = (records: readonly Tlsa[], ...chain: readonly Shown[]): string => {
  const result = checkDane({ records, names, at }, chain.map(({ certificate }) => certificate.der))
  return result.ok ? result.value : result.failure.type
}

describe("DANE-EE names a certificate or a key", () => {
  test.each([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])("selector %i, matching %i", (selector, matching) => {
    expect(check([record(3, selector, matching, good)], good, middle)).toBe("dane-ee")
    expect(check([record(3, selector, matching, foreign)], good, middle)).toBe("validation-failure")
    // never another one of the chain
    expect(check([record(3, selector, matching, middle)], good, middle)).toBe("validation-failure")
  })

  test("names and dates are of no interest (RFC 7672 §3.1.1)", () => {
    expect(check([record(3, 1, 1, stale)], stale)).toBe("dane-ee")
    expect(check([record(3, 1, 1, foreign)], foreign)).toBe("dane-ee")
  })

  test("one record of several is enough", () => expect(check([record(3, 1, 1, foreign), record(2, 0, 1, other), record(3, 1, 1, good)], good)).toBe("dane-ee"))
  test("without a certificate nothing matches", () => expect(check([record(3, 1, 1, good)])).toBe("validation-failure"))
})

describe("DANE-TA names an authority", () => {
  test.each([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])("selector %i, matching %i", (selector, matching) => {
    expect(check([record(2, selector, matching, middle)], good, middle, root)).toBe("dane-ta")
    expect(check([record(2, selector, matching, root)], good, middle, root)).toBe("dane-ta")
    // whole in the record it is an anchor, if one of somebody else
    expect(check([record(2, selector, matching, other)], good, middle, root)).toBe(selector + matching === 0 ? "certificate-not-trusted" : "validation-failure")
  })

  test("the anchor may be whole in the record and absent from the chain", () => {
    expect(check([record(2, 0, 0, middle)], good)).toBe("dane-ta")
    expect(check([record(2, 0, 0, root)], good, middle)).toBe("dane-ta")
    expect(check([record(2, 0, 0, other)], good, middle)).toBe("certificate-not-trusted")
  })

  test("an anchor that only lies beside the certificate vouches for nothing", () => expect(check([record(2, 0, 1, other)], good, other, middle)).toBe("certificate-not-trusted"))
  test("the peer's own certificate is no anchor", () => expect(check([record(2, 0, 1, good)], good, middle)).toBe("validation-failure"))
  test("dates and names count", () => {
    expect(check([record(2, 1, 1, middle)], stale, middle)).toBe("certificate-expired")
    expect(check([record(2, 1, 1, middle)], foreign, middle)).toBe("certificate-host-mismatch")
  })

  test("a certificate for the destination's domain will do (RFC 7672 §3.2.2)", () => expect(check([record(2, 0, 1, middle)], tlsIdentity({ names: ["xa.example"], by: middle }).issued, middle)).toBe("dane-ta"))
  test.each([
    ["*.xa.example", "dane-ta"],
    ["m*.xa.example", "certificate-host-mismatch"],
    ["*.example", "certificate-host-mismatch"],
  ])("a wildcard is a whole first label: %s", (name, expected) => {
    const { certificate } = tlsIdentity({ names: [name], by: middle }).issued
    const result = checkDane({ records: [record(2, 0, 1, middle)], names: ["mx.xa.example"], at }, [certificate.der, middle.certificate.der])
    expect(result.ok ? result.value : result.failure.type).toBe(expected)
  })
})

describe("records that can be used", () => {
  const usable = (...records: readonly Tlsa[]): readonly string[] => usableRecords(records).map((one) => tlsaText(one).slice(0, 5))
  test.each([
    ["PKIX usages are not for mail (RFC 7672 §3.1.3)", [record(0, 0, 1, root), record(1, 1, 1, good)], []],
    ["unknown usage, selector, matching", [{ ...record(3, 1, 1, good), usage: 4 }, { ...record(3, 1, 1, good), selector: 2 }, { ...record(3, 1, 1, good), matching: 3 }], []],
    ["a digest of another length", [{ ...record(3, 1, 1, good), association: Buffer.alloc(20) }, { ...record(3, 1, 2, good), association: Buffer.alloc(32) }], []],
    ["a whole certificate or key that is none", [{ ...record(3, 0, 0, good), association: Buffer.from("no") }, { ...record(2, 1, 0, good), association: Buffer.from("no") }, { ...record(2, 1, 0, good), association: Buffer.alloc(0) }], []],
    ["the strongest digest of a kind (RFC 7671 §9)", [record(3, 1, 1, good), record(3, 1, 2, good), record(2, 1, 1, middle), record(3, 0, 0, good)], ["3 1 2", "2 1 1", "3 0 0"]],
  ])("%s", (_name, records, expected) => expect(usable(...records)).toEqual(expected))

  test("whatever comes in records and chains gets an answer, and nothing matches by chance", () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constant(middle.certificate.der), fc.nat(middle.certificate.der.length).map((at) => Uint8Array.from(middle.certificate.der, (byte, index) => (index === at ? byte ^ 1 : byte))))
    const some = fc.record({ usage: fc.nat(4), selector: fc.nat(2), matching: fc.nat(3), association: bytes })
    fc.assert(fc.property(fc.array(some, { minLength: 1, maxLength: 8 }), fc.array(bytes, { maxLength: 4 }), (records, chain) => {
      // the peer's own is `good`, which no record names; below `middle` only where a record holds that, in which a bent byte may be one of its signature
      const result = checkDane({ records: usableRecords(records), names, at }, [good.certificate.der, ...chain])
      const namesMiddle = records.some(({ usage, association }) => usage === 2 && association.length === middle.certificate.der.length)
      expect(!result.ok || (result.value === "dane-ta" && namesMiddle)).toBe(true)
    }))
  })

  test("are written as in zone files", () => expect(tlsaText({ usage: 3, selector: 1, matching: 1, association: Buffer.from([0xab, 1]) })).toBe("3 1 1 ab01"))
})
