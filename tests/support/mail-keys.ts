import { execFileSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { dkimSign } from "mailauth"

/** Keys that domains sign mail with, made for one run, and the TXT records that publish them (RFC 6376 §3.6.1). */
export interface MailKey {
  readonly pem: string
  /** In the notation of zone files. */
  readonly record: string
}

export function rsaMailKey(bits = 2048): MailKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: bits, publicExponent: 65_537 })
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), record: txt(`v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`) }
}

export function ed25519MailKey(): MailKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  // RFC 8463 §4: the 32 octets alone
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), record: txt(`v=DKIM1; k=ed25519; p=${publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64")}`) }
}

const txt = (text: string): string => `TXT ${(text.match(/.{1,200}/g) ?? []).map((part) => `"${part}"`).join(" ")}`

export interface SignWith {
  readonly domain: string
  readonly selector: string
  readonly key: MailKey
  readonly maxBodyLength?: number
}

export async function signedByMailauth(message: string, { domain, selector, key, maxBodyLength }: SignWith): Promise<string> {
  const signature = { signingDomain: domain, selector, privateKey: key.pem, canonicalization: "relaxed/relaxed", ...(maxBodyLength !== undefined && { maxBodyLength }) }
  const signed = await dkimSign(Buffer.from(message, "latin1"), { ...signature, signatureData: [signature] })
  if (signed.signatures === "") throw new Error(`not signed: ${JSON.stringify(signed.errors)}`)
  return `${signed.signatures}${message}`
}

/** By python3-dkim. */
export function signedByDkimpy(message: string, { domain, selector, key }: SignWith): string {
  const dir = mkdtempSync(join(tmpdir(), "congthu-dkimpy-"))
  try {
    const file = join(dir, "key.pem")
    writeFileSync(file, execFileSync("openssl", ["rsa", "-traditional"], { input: key.pem, stdio: ["pipe", "pipe", "ignore"] }))
    return execFileSync("dkimsign", ["--hcanon", "relaxed", "--bcanon", "simple", selector, domain, file], { input: Buffer.from(message, "latin1"), env: { PATH: "/usr/bin:/bin" } }).toString("latin1")
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
