/** A key that never leaves its token (PKCS #11): a smart card, a USB token, an HSM, SoftHSM. */
import { randomBytes, verify, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { failed, ok, type Result } from "../../base/result.ts"
import type { Certificate } from "../certificate.ts"
import { parseCertificate } from "../parse-certificate.ts"
import { readCertificates } from "../read-certificates.ts"
import { chainOf } from "./chain-of.ts"
import { loadGraphene } from "./graphene.ts"
import { firstLine } from "./pkcs12-key.ts"
import { algorithmOf, SigningFailed, type SigningKey } from "./signing-key.ts"
import { Token, type TokenSetting } from "./token.ts"

export interface Pkcs11KeySetting extends TokenSetting {
  readonly name: string
  /** Its first line is the user's PIN. */
  readonly pinFile: string
  /** The chain, for a token that holds no certificates; empty otherwise. */
  readonly certificateFile: string
}

/** Failure: a sentence for the administrator. */
export async function openPkcs11Key(setting: Pkcs11KeySetting): Promise<Result<SigningKey, string>> {
  const { name, tokenLabel, keyLabel, pinFile, certificateFile } = setting
  const graphene = loadGraphene()
  if (!graphene) return failed(`the key ${name} is in a token, for which the package graphene-pk11 must be installed and built (docs/signing.md)`)
  let token: Token | undefined
  try {
    const pin = firstLine(await readFile(pinFile, "utf8"))
    const others = certificateFile === "" ? [] : await certificatesIn(certificateFile)
    token = new Token(graphene, setting, pin)
    const certificates = [...token.certificates().flatMap(parsed), ...others]
    const certificate = await ownerOf(token, certificates)
    if (certificate) return ok(tokenKey(name, token, chainOf(certificate, certificates)))
    token.close()
    return failed(`the token "${tokenLabel}" has no certificate for its key "${keyLabel}": name it with certificateFile`)
  } catch (error) {
    token?.close()
    return failed(`the key ${name} in the token "${tokenLabel}" cannot be used: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const parsed = (der: Uint8Array): readonly Certificate[] => {
  const certificate = parseCertificate(der)
  return certificate.ok ? [certificate.value] : []
}

async function certificatesIn(file: string): Promise<readonly Certificate[]> {
  const certificates = readCertificates(await readFile(file))
  if (!certificates.ok) throw new Error(`${file}: ${certificates.failure.detail}`)
  return certificates.value
}

/** Tokens name what belongs together by ids that nobody is held to; a signature proves it. Authorities are no candidates. */
async function ownerOf(token: Token, certificates: readonly Certificate[]): Promise<Certificate | undefined> {
  const challenge = randomBytes(32)
  for (const certificate of certificates.filter(({ isAuthority }) => !isAuthority)) {
    const algorithm = algorithmOf(certificate.key)
    const signature = algorithm && (await token.sign(algorithm, challenge).catch(otherKind))
    const digest = algorithm?.scheme === "ed25519" ? undefined : algorithm?.digest
    if (signature && verify(digest, challenge, new X509Certificate(certificate.der).publicKey, signature)) return certificate
  }
  return undefined
}

/** An RSA key refuses to sign by ECDSA: the certificate is of another key. */
const otherKind = (error: unknown): undefined => {
  if (!(error instanceof SigningFailed)) throw error
  return undefined
}

function tokenKey(name: string, token: Token, chain: readonly Certificate[]): SigningKey {
  const [certificate] = chain
  if (!certificate) throw new Error("a chain begins with the key's certificate")
  return { name, certificate, chain, sign: (algorithm, data) => token.sign(algorithm, data), close: async () => token.close() }
}
