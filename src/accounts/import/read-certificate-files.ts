import { open } from "node:fs/promises"
import { isAbsolute, join, normalize } from "node:path"
import { setImmediate as breathe } from "node:timers/promises"
import type { Certificate } from "../../pki/certificate.ts"
import { readCertificates } from "../../pki/read-certificates.ts"
import type { ProblemList } from "./problem.ts"
import type { ReadRow, ReadTable } from "./read-table.ts"
import { short } from "./row-check.ts"
import type { CertificateFileRow, CertificateRow } from "./rows.ts"

/**
 * Reads the file that each row of certificates.csv names: PEM, DER, PKCS#7, or PKCS#12 without a key. A file is for one certificate;
 * those of authorities that came along with it are passed over. What is wrong is reported at the row, in the column `file`.
 */
export interface CertificateFiles {
  readonly table: ReadTable<CertificateRow>
  readonly byFingerprint: ReadonlyMap<string, Certificate>
}

export interface CertificateSource {
  readonly dir: string
  /** Name of the CSV file, for problems. */
  readonly file: string
  readonly table: ReadTable<CertificateFileRow>
}

/** All of them are held in memory, some 10 KiB each. */
const maxCertificates = 20_000

export async function readCertificateFiles({ dir, file, table }: CertificateSource, problems: ProblemList): Promise<CertificateFiles> {
  const rows: ReadRow<CertificateRow>[] = []
  const byFingerprint = new Map<string, Certificate>()
  const lines = new Map<string, number>()
  const tooMany = table.rows[maxCertificates]
  if (tooMany) problems.add({ file, line: tooMany.line, column: "", reason: `an import has at most ${maxCertificates} certificates` })
  for (const { line, row } of table.rows.slice(0, maxCertificates)) {
    const bad = (reason: string): void => problems.add({ file, line, column: "file", reason })
    const certificate = await readOne(dir, row.file, bad)
    await breathe()
    if (certificate === undefined) continue
    const { fingerprint } = certificate
    const first = lines.get(fingerprint)
    if (first !== undefined) {
      bad(`the certificate in ${short(row.file)} is already in line ${first}`)
      continue
    }
    lines.set(fingerprint, line)
    byFingerprint.set(fingerprint, certificate)
    rows.push({ line, row: { fingerprint, principalId: row.principalId, use: row.use, addresses: row.addresses, from: row.from, until: row.until } })
  }
  return { table: { rows, keys: new Set(byFingerprint.keys()) }, byFingerprint }
}

/** A chain with its certificate takes some 10 KiB. */
export const maxCertificateFileBytes = 1024 * 1024

async function readOne(dir: string, name: string, bad: (reason: string) => void): Promise<Certificate | undefined> {
  // the folder may come from somebody else: it names nothing outside itself
  if (isAbsolute(name) || normalize(name).startsWith("..")) {
    bad(`${short(name)} is not inside the folder`)
    return undefined
  }
  const bytes = await readBounded(join(dir, name))
  if (typeof bytes === "string") {
    bad(`${short(name)}: ${bytes}`)
    return undefined
  }
  const certificate = holderCertificate(bytes)
  if (typeof certificate !== "string") return certificate
  bad(`${short(name)}: ${certificate}`)
  return undefined
}

/** The one certificate of a holder in a file, or a sentence about what is wrong with the file. */
export function holderCertificate(bytes: Uint8Array): Certificate | string {
  const read = readCertificates(bytes)
  if (!read.ok) return read.failure.detail
  const holders = read.value.filter(({ isAuthority }) => !isAuthority)
  const [only] = holders
  if (only === undefined) return "the file has only certificates of authorities in it; give the holder's own"
  return holders.length > 1 ? `the file has certificates of ${holders.length} holders in it; put each in a file of its own` : only
}

/** The bytes of a file, or a sentence about why there are none. */
export async function readBounded(path: string): Promise<Buffer | string> {
  try {
    const handle = await open(path)
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) return "this is not a file"
      return stat.size > maxCertificateFileBytes ? "the file is larger than 1 MiB" : await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && typeof error.code === "string")) throw error
    return error.code === "ENOENT" ? "the file does not exist" : `the file cannot be read (${error.code})`
  }
}
