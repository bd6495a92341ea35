import { expect, test } from "vitest"
import { context, contextPrimitive, oid, positiveInteger, sequence, utf8String } from "../../src/pki/der.ts"
import { writeName } from "../../src/pki/distinguished-name.ts"
import { namesAreWithin, readNameConstraints } from "../../src/pki/name-constraints.ts"
import { directoryName, extension, mailboxName, nameConstraints, type SubtreeNames, subjectAltName } from "../../src/pki/write-extensions.ts"
import { authorityOf, holderOf } from "../support/test-pki.ts"

const mailbox = (text: string): Buffer => contextPrimitive(1, Buffer.from(text))
const dns = (text: string): Buffer => contextPrimitive(2, Buffer.from(text))
const address = (...octets: readonly number[]): Buffer => contextPrimitive(7, Buffer.from(octets))
const principalName = context(0, oid("1.3.6.1.4.1.311.20.2.3"), context(0, utf8String("a@tinh.example")))
const directory = (organization: string, ...units: readonly string[]): Buffer => directoryName(organizationName(organization, ...units))
/** A name without a common name: the beginning that holders' names share. */
const organizationName = (organization: string, ...units: readonly string[]): Buffer => {
  const whole = writeName({ commonName: "x", organization, organizationalUnits: units.toReversed(), country: "VN" })
  const commonName = writeName({ commonName: "x" }).subarray(2)
  return sequence(whole.subarray(2, whole.length - commonName.length))
}
const holderName = writeName({ commonName: "Nguyễn Văn A", organization: "UBND  tỉnh", organizationalUnits: ["Phòng 1", "Sở Nội vụ"], country: "VN" })

const cases: readonly (readonly [string, SubtreeNames, readonly Buffer[], boolean])[] = [
  ["a permitted host in A-labels, the mailbox with U-labels", { permitted: [mailbox("xn--bcher-kva.example")] }, [mailboxName("lê@bücher.example")], true],
  ["SmtpUTF8Mailbox on a permitted host (RFC 9598 §6)", { permitted: [mailbox("tinh.example")] }, [mailboxName("lê@tinh.example")], true],
  ["SmtpUTF8Mailbox outside", { permitted: [mailbox("tinh.example")] }, [mailboxName("lê@other.example")], false],
  ["SmtpUTF8Mailbox on an excluded host", { excluded: [mailbox("tinh.example")] }, [mailboxName("lê@tinh.example")], false],
  ["SmtpUTF8Mailbox with U-labels, the constraint in A-labels", { excluded: [mailbox("xn--bcher-kva.example")] }, [mailboxName("lê@bücher.example")], false],
  ["one address inside, one outside", { permitted: [mailbox("tinh.example")] }, [mailbox("a@tinh.example"), mailbox("a@other.example")], false],
  ["an address that is none", { permitted: [mailbox("tinh.example")] }, [mailbox("tinh.example")], false],
  ["an excluded mailbox in capitals", { excluded: [mailbox("a@tinh.example")] }, [mailbox("A@TINH.example")], false],
  ["a name that only ends like the domain", { permitted: [mailbox(".tinh.example")] }, [mailbox("a@eviltinh.example")], false],
  ["a DNS name below the domain", { permitted: [dns("tinh.example")] }, [dns("mail.tinh.example")], true],
  ["a DNS name that only ends like it", { permitted: [dns("tinh.example")] }, [dns("eviltinh.example")], false],
  ["a DNS name where only mailboxes are constrained", { permitted: [mailbox("tinh.example")] }, [dns("elsewhere.example")], true],
  ["an IP address where some are permitted", { permitted: [address(10, 0, 0, 0, 255, 0, 0, 0)] }, [address(10, 0, 0, 1)], false],
  ["a principal name where some are constrained", { excluded: [principalName] }, [principalName], false],
  ["the subject below a permitted name, without regard to case and spaces", { permitted: [directory("ubnd Tỉnh", "SỞ NỘI VỤ")] }, [], true],
  ["the subject elsewhere", { permitted: [directory("UBND tỉnh", "Sở Tài chính")] }, [], false],
  ["the subject below an excluded name", { excluded: [directory("UBND tỉnh")] }, [], false],
  ["a directory name in subjectAltName, elsewhere", { permitted: [directory("UBND tỉnh")] }, [directory("Other")], false],
]

test.each(cases)("%s", (_name, names, alternatives, within) => {
  const constraints = readNameConstraints(authorityOf({ extensions: [nameConstraints(names)] }).certificate)
  const { certificate } = holderOf({ name: holderName, extensions: alternatives.length > 0 ? [subjectAltName(alternatives)] : [] })
  expect(constraints && namesAreWithin(certificate, constraints)).toBe(within)
})

test("an empty subject is no name", () => {
  const constraints = readNameConstraints(authorityOf({ extensions: [nameConstraints({ permitted: [directory("UBND tỉnh")] })] }).certificate)
  const { certificate } = holderOf({ name: sequence(), addresses: ["a@tinh.example"] })
  expect(constraints && namesAreWithin(certificate, constraints)).toBe(true)
})

test("no constraints at all", () => {
  expect(readNameConstraints(authorityOf({}).certificate)).toBeUndefined()
})

test("a subtree with a distance is refused (RFC 5280 §4.2.1.10)", () => {
  const subtree = sequence(mailbox("tinh.example"), contextPrimitive(0, positiveInteger(Buffer.from([1])).subarray(2)))
  const { certificate } = authorityOf({ extensions: [extension("2.5.29.30", true, sequence(context(0, subtree)))] })
  expect(() => readNameConstraints(certificate)).toThrow("distances")
})
