import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from "node:crypto"
import { promisify } from "node:util"

/** RFC 6376 §3.3 and RFC 8463: every verifier knows the first, the second is short and quick. */
export const dkimAlgorithms = ["rsa-sha256", "ed25519-sha256"] as const
export type DkimAlgorithm = (typeof dkimAlgorithms)[number]

/** A key that signs, under the name that verifiers look it up by. */
export interface DkimSigningKey {
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  readonly privateKey: KeyObject
}

const signData = promisify(sign)
const newPair = promisify(generateKeyPair)

/** The signature in base64; the arithmetic is done off the event loop. `data` has one char per byte. */
export async function signText({ algorithm, privateKey }: DkimSigningKey, data: string): Promise<string> {
  const bytes = Buffer.from(data, "latin1")
  // RFC 8463 §3: Ed25519 signs the SHA-256 of the data
  const signature = algorithm === "rsa-sha256" ? await signData("sha256", bytes, privateKey) : await signData(null, createHash("sha256").update(bytes).digest(), privateKey)
  return signature.toString("base64")
}

export interface NewDkimKey {
  /** PKCS #8, DER. */
  readonly privateKey: Buffer
  /** As it is published (base64-decoded `p=`): SubjectPublicKeyInfo for RSA, the bare 32 bytes for Ed25519 (RFC 8463 §4). */
  readonly publicKey: Buffer
}

/** RFC 8301 §3.2: at least 1024, and 2048 is what fits into everybody's DNS. */
const rsaBits = 2048

export async function newDkimKey(algorithm: DkimAlgorithm): Promise<NewDkimKey> {
  const { privateKey } = algorithm === "rsa-sha256" ? await newPair("rsa", { modulusLength: rsaBits }) : await newPair("ed25519", {})
  return { privateKey: privateKey.export({ format: "der", type: "pkcs8" }), publicKey: publishedKey(algorithm, privateKey) }
}

/** An Ed25519 SubjectPublicKeyInfo (RFC 8410 §4) ends in the key itself. */
const ed25519Bytes = 32

function publishedKey(algorithm: DkimAlgorithm, privateKey: KeyObject): Buffer {
  const info = createPublicKey(privateKey).export({ format: "der", type: "spki" })
  return algorithm === "rsa-sha256" ? info : info.subarray(-ed25519Bytes)
}

export const dkimPrivateKey = (pkcs8: Buffer): KeyObject => createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })
