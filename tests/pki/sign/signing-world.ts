import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { ContentScanner } from "../../../src/mail/content-scanner.ts"
import type { Certificate } from "../../../src/pki/certificate.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa, type SmimeRequest } from "../../../src/pki/development-smime-ca.ts"
import { parseCertificate } from "../../../src/pki/parse-certificate.ts"
import { keyObjectKey } from "../../../src/pki/sign/key-object-key.ts"
import type { SigningKey } from "../../../src/pki/sign/signing-key.ts"
import { type ReadableContent, signMessage, type SignOptions } from "../../../src/pki/sign/smime-sign.ts"
import { readAll, unwrap } from "../../support/store.ts"

export const run = promisify(execFile)

/** A CA in a folder of its own, and keys under it. */
export interface SigningWorld {
  readonly dir: string
  readonly ca: DevelopmentSmimeCa
  key(request?: Partial<SmimeRequest>): SigningKey
  file(name: string, bytes: Uint8Array | string): Promise<string>
  close(): Promise<void>
}

export const certificateOf = (der: Uint8Array): Certificate => unwrap(parseCertificate(der))

export async function openSigningWorld(): Promise<SigningWorld> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-sign-"))
  const ca = await openDevelopmentSmimeCa({ dir: join(dir, "ca"), clock: { now: () => Date.now() } })
  return {
    dir,
    ca,
    key(request) {
      const { certificateDer, privateKey } = ca.issue({ subject: { commonName: "Một cửa Sở Nội vụ" }, addresses: ["motcua@sonv.tinh.example"], ...request })
      return keyObjectKey({ name: "mot-cua", privateKey, chain: [certificateOf(certificateDer), ca.intermediate.certificate] })
    },
    async file(name, bytes) {
      const path = join(dir, name)
      await writeFile(path, bytes)
      return path
    },
    close: () => rm(dir, { recursive: true }),
  }
}

/** A content as the store would have it, handed out in small chunks. */
export function contentOf(message: string | Uint8Array, chunkBytes = 1000): ReadableContent {
  const bytes = Buffer.from(message)
  const scanner = new ContentScanner()
  scanner.push(bytes)
  return {
    size: bytes.length,
    structure: scanner.finish().structure,
    async *read({ start, end }) {
      for (let at = start; at < end; at += chunkBytes) yield bytes.subarray(at, Math.min(end, at + chunkBytes))
    },
  }
}

export async function signed(message: string | Uint8Array, options: Omit<SignOptions, "signingTime"> & { readonly signingTime?: number }, chunkBytes?: number): Promise<Buffer> {
  return readAll(unwrap(await signMessage(contentOf(message, chunkBytes), { signingTime: Date.now(), ...options })))
}
