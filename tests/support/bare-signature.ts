import { execFile } from "node:child_process"
import type { KeyObject } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { pem } from "../../src/pki/write-certificate.ts"

const run = promisify(execFile)

export interface BareSigner {
  readonly certificateDer: Uint8Array
  readonly privateKey: KeyObject
}

/** A message that openssl signs without putting any certificate along (`cms -nocerts`), with CRLF everywhere as a submission has. */
export async function bareSignedMessage({ certificateDer, privateKey }: BareSigner, from: string, named: "issuerAndSerial" | "keyIdentifier" = "issuerAndSerial"): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-bare-"))
  try {
    await writeFile(join(dir, "entity"), "Content-Type: text/plain; charset=utf-8\r\n\r\nKinh gui\r\n")
    await writeFile(join(dir, "signer.pem"), pem("CERTIFICATE", certificateDer))
    await writeFile(join(dir, "signer.key"), privateKey.export({ type: "pkcs8", format: "pem" }))
    const who = ["-signer", "signer.pem", "-inkey", "signer.key", "-from", from, "-to", "b@ubnd.tinh.example", "-subject", "Bao cao"]
    await run("openssl", ["cms", "-sign", "-nocerts", ...(named === "keyIdentifier" ? ["-keyid"] : []), "-binary", "-in", "entity", ...who, "-out", "signed.eml"], { cwd: dir })
    return Buffer.from((await readFile(join(dir, "signed.eml"), "latin1")).replace(/\r?\n/g, "\r\n"), "latin1")
  } finally {
    await rm(dir, { recursive: true })
  }
}
