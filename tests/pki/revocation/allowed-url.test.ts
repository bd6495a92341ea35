import { expect, test } from "vitest"
import { createAllowedUrls, isPublicAddress } from "../../../src/pki/revocation/allowed-url.ts"

const listed = ["http://crl.ca.example/lists/", "https://*.ca.example/", "http://10.1.2.3:8080/"]

test.each([
  { patterns: ["public"], url: "http://crl.ca.example/a.crl", kind: "public" },
  { patterns: ["public"], url: "https://ocsp.ca.example:8443/", kind: "public" },
  { patterns: ["public"], url: "http://8.8.8.8/a.crl", kind: "public" },
  { patterns: ["public"], url: "http://[2606:4700::1]/a.crl", kind: "public" },
  { patterns: ["public"], url: "http://127.0.0.1/a.crl", kind: undefined },
  { patterns: ["public"], url: "http://[::1]/a.crl", kind: undefined },
  { patterns: ["public"], url: "http://[::ffff:127.0.0.1]/a.crl", kind: undefined },
  { patterns: ["public"], url: "http://2130706433/a.crl", kind: undefined },
  { patterns: ["public"], url: "http://0x7f.1/a.crl", kind: undefined },
  { patterns: ["public"], url: "ldap://crl.ca.example/cn=a", kind: undefined },
  { patterns: ["public"], url: "file:///etc/passwd", kind: undefined },
  { patterns: ["public"], url: "http://user:secret@crl.ca.example/", kind: undefined },
  { patterns: ["public"], url: "crl.ca.example/a.crl", kind: undefined },
  { patterns: ["public"], url: `http://crl.ca.example/${"a".repeat(3_000)}`, kind: undefined },
  { patterns: [], url: "http://crl.ca.example/a.crl", kind: undefined },
  { patterns: listed, url: "http://crl.ca.example/lists/a.crl", kind: "listed" },
  { patterns: listed, url: "http://crl.ca.example/other/a.crl", kind: undefined },
  { patterns: listed, url: "http://crl.ca.example/lists/../other/a.crl", kind: undefined },
  { patterns: listed, url: "http://crl.ca.example:81/lists/a.crl", kind: undefined },
  { patterns: listed, url: "https://ocsp.ca.example/x", kind: "listed" },
  { patterns: listed, url: "https://a.b.ca.example/x", kind: "listed" },
  { patterns: listed, url: "https://ca.example/x", kind: undefined },
  { patterns: listed, url: "https://evilca.example/x", kind: undefined },
  { patterns: listed, url: "https://evil.example/?.ca.example/", kind: undefined },
  { patterns: listed, url: "http://10.1.2.3:8080/ocsp", kind: "listed" },
  { patterns: listed, url: "http://10.1.2.3/ocsp", kind: undefined },
  { patterns: listed, url: "http://other.example/", kind: undefined },
  { patterns: ["public", ...listed], url: "http://other.example/", kind: "public" },
])("$patterns: $url → $kind", ({ patterns, url, kind }) => {
  expect(createAllowedUrls(patterns).permits(url)?.kind).toBe(kind)
})

test.each(["anything", "ftp://crl.ca.example/", ""])("%j in the configuration is refused with its reason", (pattern) => {
  expect(() => createAllowedUrls([pattern])).toThrow(/pki\.revocation\.allow/)
})

test.each([
  ["1.1.1.1", true], ["9.255.255.255", true], ["10.0.0.1", false], ["100.64.1.1", false], ["100.128.0.1", true], ["127.9.9.9", false], ["169.254.169.254", false], ["172.16.0.1", false], ["172.32.0.1", true],
  ["192.168.1.1", false], ["198.19.0.1", false], ["224.0.0.1", false], ["255.255.255.255", false], ["0.0.0.0", false], ["::", false], ["::1", false], ["::ffff:10.0.0.1", false], ["::ffff:1.1.1.1", true],
  ["64:ff9b::a00:1", false], ["2002:a00:1::", false], ["fd00::1", false], ["fe80::1", false], ["ff02::1", false], ["2001:db8::1", false], ["2606:4700:4700::1111", true], ["not an address", false], ["::ffff:0:127.0.0.1", false], ["3fff::1", false], ["5f00::1", false], ["192.88.99.1", false],
])("%s is public: %s", (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected)
})
