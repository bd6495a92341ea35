import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { expect, test } from "vitest"
import { context, der, derTag, oid, positiveInteger, sequence } from "../../../src/pki/der.ts"
import { algorithmOf, keyProblem, schemeFor } from "../../../src/pki/cms/algorithms.ts"
import { parseAsn1 } from "../../../src/pki/cms/asn1.ts"

const sha = { 1: "1.3.14.3.2.26", 224: "2.16.840.1.101.3.4.2.4", 256: "2.16.840.1.101.3.4.2.1", 384: "2.16.840.1.101.3.4.2.2", 512: "2.16.840.1.101.3.4.2.3", "3-256": "2.16.840.1.101.3.4.2.8" } as const
const md5 = "1.2.840.113549.2.5"
const mgf1 = "1.2.840.113549.1.1.8"
const algorithm = (name: string, ...parameters: readonly Buffer[]): Buffer => sequence(oid(name), ...parameters)
const pss = (...fields: readonly Buffer[]): Buffer => algorithm("1.2.840.113549.1.1.10", sequence(...fields))
const hash = (name: string): Buffer => context(0, algorithm(name))
const mask = (name: string, generator = mgf1): Buffer => context(1, algorithm(generator, algorithm(name)))
const salt = (length: number): Buffer => context(2, der(derTag.integer, length < 0 ? Buffer.from([256 + length]) : length > 0x7fff ? Buffer.from([0, length >>> 16, length >>> 8, length]) : Buffer.from([length >>> 8, length])))
const trailer = (value: number): Buffer => context(3, positiveInteger(Buffer.from([value])))

test.each<[string, string, Buffer, object | string]>([
  ["rsaEncryption", sha[256], algorithm("1.2.840.113549.1.1.1", der(derTag.null)), { kind: "rsa", digest: "sha256", saltLength: 0 }],
  ["sha256WithRSA", sha[256], algorithm("1.2.840.113549.1.1.11"), { kind: "rsa", digest: "sha256", saltLength: 0 }],
  ["sha512WithRSA over SHA-256", sha[256], algorithm("1.2.840.113549.1.1.13"), "broken"],
  ["ecdsa-with-SHA384", sha[384], algorithm("1.2.840.10045.4.3.3"), { kind: "ecdsa", digest: "sha384", saltLength: 0 }],
  ["id-ecPublicKey", sha[512], algorithm("1.2.840.10045.2.1"), { kind: "ecdsa", digest: "sha512", saltLength: 0 }],
  ["Ed25519", sha[512], algorithm("1.3.101.112"), { kind: "ed25519", digest: "sha512", saltLength: 0 }],
  ["Ed25519 over SHA-256", sha[256], algorithm("1.3.101.112"), "broken"],
  ["Ed448", sha[512], algorithm("1.3.101.113"), "unsupportedAlgorithm"],
  ["DSA", sha[256], algorithm("2.16.840.1.101.3.4.3.2"), "unsupportedAlgorithm"],
  ["SHA-1", sha[1], algorithm("1.2.840.113549.1.1.1"), "weakAlgorithm"],
  ["MD5", md5, algorithm("1.2.840.113549.1.1.1"), "weakAlgorithm"],
  ["sha1WithRSA", sha[256], algorithm("1.2.840.113549.1.1.5"), "weakAlgorithm"],
  ["SHA-224", sha[224], algorithm("1.2.840.113549.1.1.1"), "unsupportedAlgorithm"],
  ["SHA3-256", sha["3-256"], algorithm("1.2.840.113549.1.1.1"), "unsupportedAlgorithm"],
  ["PSS", sha[256], pss(hash(sha[256]), mask(sha[256]), salt(32)), { kind: "rsa-pss", digest: "sha256", saltLength: 32 }],
  ["PSS, trailer said", sha[512], pss(hash(sha[512]), mask(sha[512]), salt(64), trailer(1)), { kind: "rsa-pss", digest: "sha512", saltLength: 64 }],
  ["PSS, salt by default", sha[256], pss(hash(sha[256]), mask(sha[256])), { kind: "rsa-pss", digest: "sha256", saltLength: 20 }],
  ["PSS by default", sha[256], pss(), "weakAlgorithm"],
  ["PSS without parameters", sha[256], algorithm("1.2.840.113549.1.1.10"), "weakAlgorithm"],
  ["PSS with SHA-1 in the mask", sha[256], pss(hash(sha[256]), mask(sha[1]), salt(32)), "weakAlgorithm"],
  ["PSS with another mask", sha[256], pss(hash(sha[256]), mask(sha[512]), salt(32)), "unsupportedAlgorithm"],
  ["PSS with another digest", sha[256], pss(hash(sha[512]), mask(sha[512]), salt(32)), "unsupportedAlgorithm"],
  ["PSS with an unknown mask", sha[256], pss(hash(sha[256]), mask(sha[256], "1.2.3"), salt(32)), "unsupportedAlgorithm"],
  ["PSS with a huge salt", sha[256], pss(hash(sha[256]), mask(sha[256]), salt(70_000)), "unsupportedAlgorithm"],
  ["PSS with a negative salt", sha[256], pss(hash(sha[256]), mask(sha[256]), salt(-2)), "unsupportedAlgorithm"],
  ["PSS with another trailer", sha[256], pss(hash(sha[256]), mask(sha[256]), salt(32), trailer(2)), "unsupportedAlgorithm"],
])("%s", (_name, digest, encoded, expected) => {
  expect(schemeFor(digest, algorithmOf(parseAsn1(encoded)))).toEqual(expected)
})

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey
const keys = {
  rsa, p256: generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey, k256: generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey,
  ed25519: generateKeyPairSync("ed25519").publicKey, ed448: generateKeyPairSync("ed448").publicKey,
  pss: generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey,
  // a modulus that nobody issues: nothing is computed with it
  huge: createPublicKey({ format: "jwk", key: { kty: "RSA", e: "AQAB", n: Buffer.alloc(2_048, 0xff).toString("base64url") } }),
}
test.each<["rsa" | "rsa-pss" | "ecdsa" | "ed25519", keyof typeof keys, string | null]>([
  ["rsa", "rsa", null], ["rsa-pss", "rsa", null], ["rsa-pss", "pss", null], ["ecdsa", "p256", null], ["ed25519", "ed25519", null],
  ["rsa", "pss", "broken"], ["rsa", "p256", "broken"], ["ecdsa", "rsa", "broken"], ["ecdsa", "ed25519", "broken"], ["ed25519", "rsa", "broken"],
  ["ecdsa", "k256", "unsupportedAlgorithm"], ["ed25519", "ed448", "unsupportedAlgorithm"], ["rsa", "huge", "unsupportedAlgorithm"],
])("%s with a key of %s: %s", (kind, key, problem) => {
  expect(keyProblem({ kind, digest: "sha256", saltLength: 0 }, keys[key])).toBe(problem)
})
