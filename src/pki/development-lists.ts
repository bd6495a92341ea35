import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { DevelopmentSmimeCa } from "./development-smime-ca.ts"
import type { RevokedEntry } from "./write-crl.ts"

/**
 * The CRLs of the development CA as files, to be named in `pki.revocation.lists`: a developer's machine checks revocation like any other,
 * without a server for it. Written anew at each start and whenever something is revoked; renamed into place.
 */
export interface DevelopmentLists {
  readonly rootFile: string
  readonly signingFile: string
}

const lastsMs = 30 * 86_400_000

export async function writeDevelopmentLists({ ca, dir, revoked, now }: { readonly ca: DevelopmentSmimeCa; readonly dir: string; readonly revoked: readonly RevokedEntry[]; readonly now: number }): Promise<DevelopmentLists> {
  const files = { rootFile: join(dir, "smime-root.crl"), signingFile: join(dir, "smime-signing.crl") }
  const times = { thisUpdate: now, nextUpdate: now + lastsMs }
  await writeWhole(files.rootFile, ca.crl({ issuer: "root", revoked: [], ...times }))
  await writeWhole(files.signingFile, ca.crl({ revoked, ...times }))
  return files
}

async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, bytes)
  await rename(`${file}.new`, file)
}
