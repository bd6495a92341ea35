import { constants, type KeyObject, sign, type SignKeyObjectInput, X509Certificate } from "node:crypto"
import type { Certificate } from "../certificate.ts"
import { saltOctets } from "../signature-algorithm.ts"
import { type SigningAlgorithm, SigningFailed, type SigningKey } from "./signing-key.ts"

/** A private key in this process's memory. Throws when it is not the key of the first certificate. The arithmetic is done on libuv's threads. */
export function keyObjectKey({ name, privateKey, chain }: { readonly name: string; readonly privateKey: KeyObject; readonly chain: readonly Certificate[] }): SigningKey {
  const [certificate] = chain
  if (!certificate || !new X509Certificate(certificate.der).checkPrivateKey(privateKey)) throw new Error(`the private key ${name} does not belong to its certificate`)
  return {
    name,
    certificate,
    chain,
    sign: (algorithm, data) =>
      new Promise((resolve, reject) => {
        sign(algorithm.scheme === "ed25519" ? undefined : algorithm.digest, data, keyInput(privateKey, algorithm), (error, signature) => {
          if (error) reject(new SigningFailed(`the key ${name} cannot sign`, { cause: error }))
          else resolve(signature)
        })
      }),
    close: async () => {},
  }
}

const keyInput = (key: KeyObject, { scheme, digest }: SigningAlgorithm): SignKeyObjectInput =>
  scheme === "rsaPss" ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltOctets[digest] } : { key }
