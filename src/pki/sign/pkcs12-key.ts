import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { failed, ok, type Result } from "../../base/result.ts"
import { Asn1SyntaxError, readAsn1 } from "../asn1.ts"
import type { Certificate } from "../certificate.ts"
import { parseCertificate } from "../parse-certificate.ts"
import { type Pkcs12Bag, Pkcs12Error, readPkcs12Bags } from "../pkcs12.ts"
import { chainOf } from "./chain-of.ts"
import { keyObjectKey } from "./key-object-key.ts"
import type { SigningKey } from "./signing-key.ts"

export interface Pkcs12KeySetting {
  readonly name: string
  readonly file: string
  /** Its first line is the password. */
  readonly passwordFile: string
}

const maxFileBytes = 1024 * 1024

/** The key of a PKCS #12 file, kept in memory from then on. Failure: a sentence for the administrator. */
export async function openPkcs12Key({ name, file, passwordFile }: Pkcs12KeySetting): Promise<Result<SigningKey, string>> {
  try {
    if ((await stat(file)).size > maxFileBytes) return failed(`${file} is too large to be a PKCS #12 file`)
    const password = firstLine(await readFile(passwordFile, "utf8"))
    return keyOf(name, file, readPkcs12Bags(readAsn1(await readFile(file)), password))
  } catch (error) {
    if (error instanceof Pkcs12Error) return failed(`${file}: ${error.message}`)
    if (error instanceof Asn1SyntaxError) return failed(`${file} is not a PKCS #12 file: it ${error.message}`)
    if (error instanceof Error && "code" in error) return failed(`${file} or ${passwordFile} cannot be read: ${error.message}`)
    throw error
  }
}

export const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? ""

function keyOf(name: string, file: string, bags: readonly Pkcs12Bag[]): Result<SigningKey, string> {
  const [key, ...others] = bags.flatMap((bag) => (bag.kind === "privateKey" ? [bag.read()] : []))
  if (!key || others.length > 0) return failed(`${file} has ${key ? "several keys" : "no key"} in it, where one is needed`)
  const privateKey = readKey(key)
  if (!privateKey) return failed(`${file} has a key of a kind that is not known`)
  const certificates = bags.flatMap((bag) => (bag.kind === "certificate" ? certificatesIn(bag.der) : []))
  const certificate = certificates.find(({ der }) => new X509Certificate(der).checkPrivateKey(privateKey))
  if (!certificate) return failed(`${file} has no certificate for its key`)
  return ok(keyObjectKey({ name, privateKey, chain: chainOf(certificate, certificates) }))
}

const certificatesIn = (der: Uint8Array): readonly Certificate[] => {
  const certificate = parseCertificate(der)
  return certificate.ok ? [certificate.value] : []
}

function readKey(der: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" })
  } catch {
    return undefined
  }
}
