import { hash } from "node:crypto"
import { der, derTag, octetString, oid, positiveInteger, sequence } from "../der.ts"
import { saltOctets } from "../signature-algorithm.ts"
import type { Graphene } from "./graphene.ts"
import type { SigningAlgorithm, SigningDigest } from "./signing-key.ts"

/** How a token is asked for one signature: by which mechanism, over which octets, and what its answer becomes. */
export interface TokenOperation {
  readonly mechanism: number | { readonly name: number; readonly params: object }
  readonly input: Buffer
  readonly signatureOf: (answer: Buffer) => Uint8Array
}

/** CKM_EDDSA of PKCS #11 3.0, which graphene does not name. */
const eddsa = 0x1057

const digestOids: Readonly<Record<SigningDigest, string>> = { sha256: "2.16.840.1.101.3.4.2.1", sha384: "2.16.840.1.101.3.4.2.2", sha512: "2.16.840.1.101.3.4.2.3" }
const hashNames = { sha256: "SHA256", sha384: "SHA384", sha512: "SHA512" } as const

/** The token gets a hash and never the data: fewer octets to a slow device, and mechanisms that every one of them has. */
export function tokenOperation(graphene: Graphene, { scheme, digest }: SigningAlgorithm, data: Uint8Array): TokenOperation {
  const mechanism = (name: string): number => graphene.MechanismEnum[name] ?? 0
  const asIs = (answer: Buffer): Uint8Array => answer
  // RFC 8419 §3.1: Ed25519 hashes by itself
  if (scheme === "ed25519") return { mechanism: eddsa, input: Buffer.from(data), signatureOf: asIs }
  const hashed = hash(digest, data, "buffer")
  switch (scheme) {
    case "ecdsa": return { mechanism: mechanism("ECDSA"), input: hashed, signatureOf: ecdsaSignature }
    // RFC 8017 §9.2: DigestInfo
    case "rsa": return { mechanism: mechanism("RSA_PKCS"), input: sequence(sequence(oid(digestOids[digest]), der(derTag.null)), octetString(hashed)), signatureOf: asIs }
    case "rsaPss": {
      const name = hashNames[digest]
      const params = new graphene.RsaPssParams(mechanism(name), graphene.RsaMgf[`MGF1_${name}`], saltOctets[digest])
      return { mechanism: { name: mechanism("RSA_PKCS_PSS"), params }, input: hashed, signatureOf: asIs }
    }
  }
}

/** PKCS #11 gives r and s side by side, CMS wants ECDSA-Sig-Value (RFC 5753 §7.2). */
const ecdsaSignature = (answer: Buffer): Uint8Array => sequence(positiveInteger(answer.subarray(0, answer.length / 2)), positiveInteger(answer.subarray(answer.length / 2)))
