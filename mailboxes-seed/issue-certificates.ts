import { mkdir, open, rename, rm } from "node:fs/promises"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { setImmediate as breathe } from "node:timers/promises"
import type { Directory } from "../src/accounts/directory.ts"
import { createProblemList, describeProblem } from "../src/accounts/import/problem.ts"
import { readTable } from "../src/accounts/import/read-table.ts"
import { certificateUses } from "../src/accounts/import/rows.ts"
import type { CsvTable } from "../src/accounts/import/tables.ts"
import { systemClock } from "../src/base/clock.ts"
import type { Config } from "../src/config/schema.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../src/pki/development-smime-ca.ts"
import { parseCertificate } from "../src/pki/parse-certificate.ts"
import { writePkcs12 } from "../src/pki/write-pkcs12.ts"
import type { NewCertificate } from "../src/store/certificate-registry.ts"
import { createCertificateRegistry } from "../src/store/sql/certificates.ts"
import type { Database } from "../src/store/sql/database.ts"
import type { SeedCertificate } from "./generator/certificates.ts"
import type { DemoLogin } from "./seed.ts"

/**
 * The demonstration province's signing certificates: issued once, by this machine's development CA, and registered in one transaction.
 * Their keys are thrown away, except for those of the demo logins, which a mail client can import. A registry that has anything in it,
 * or a directory without these people, is never touched.
 */
export interface IssueOptions {
  readonly database: Database
  readonly config: Config
  readonly directory: Directory
  readonly logins: readonly DemoLogin[]
  readonly onProgress: (done: number, total: number) => void
}

/** Keys and certificates of the demo logins, `ADDRESS.p12`, each under its login's password. */
export const demoCertificatesDir = (config: Pick<Config, "dataDir">): string => join(config.dataDir, "demo-certificates")

/** Resolves with the directory's new version; null when nothing was to be done. */
export async function issueSeedCertificates(options: IssueOptions): Promise<number | null> {
  const { database, config, directory, logins, onProgress } = options
  const dir = demoCertificatesDir(config)
  if (existsSync(dir) || logins.length === 0) return null
  const registry = createCertificateRegistry(database)
  const [found] = await database.query<{ used: boolean }>({ text: "SELECT EXISTS (SELECT FROM certificate) AS used" })
  const listed = await readList()
  if (found?.used || listed.some(({ principalId }) => !directory.principal(principalId))) {
    // a start that was cut short after the registration has left them under this name
    if (existsSync(`${dir}.new`)) await rename(`${dir}.new`, dir)
    return null
  }
  const ca = await openDevelopmentSmimeCa({ dir: join(config.dataDir, "pki"), clock: systemClock })
  const issued: NewCertificate[] = []
  const files = new Map<string, Buffer>()
  const wanted = new Map(logins.map((login) => [keyHolder(directory, login), login]))
  for (const row of listed) {
    const { certificate, privateKey } = issue(ca, row)
    issued.push({ certificate, principalId: row.principalId, use: row.use, accounts: row.addresses, from: null, until: null })
    const login = wanted.get(`${row.principalId} ${row.use}`)
    if (login && !files.has(login.address)) {
      files.set(login.address, writePkcs12({ privateKey, certificates: [certificate.der, ca.intermediate.certificate.der, ca.root.certificate.der], name: row.commonName, password: login.password }))
    }
    if (issued.length % progressEvery === 0) {
      onProgress(issued.length, listed.length)
      await breathe()
    }
  }
  await writeFiles(`${dir}.new`, files)
  const added = await registry.add(issued, { by: "seed", source: "seed" })
  if (!added.ok) throw new Error(`the seed's certificates cannot be registered: ${added.failure.detail}`)
  await rename(`${dir}.new`, dir)
  return added.value
}

const progressEvery = 20

/** Whose certificate goes with a login: a person's own, or that of the organization which owns the office's account. */
function keyHolder(directory: Directory, { address, principalId, via }: DemoLogin): string {
  if (via === "password") return `${principalId} personal`
  const target = directory.resolve(address)
  const owner = target.kind === "account" ? directory.assignmentsOfAccount(target.account.id, systemClock.now()).find(({ rights }) => rights.includes("owner")) : undefined
  return `${owner?.principalId ?? ""} organizational`
}

const dayMs = 86_400_000

function issue(ca: DevelopmentSmimeCa, row: SeedCertificate) {
  const now = systemClock.now()
  const { certificateDer, privateKey } = ca.issue({
    subject: { commonName: row.commonName, organization: row.organization, country: "VN", userId: row.principalId },
    addresses: row.email === "" ? [] : [row.email],
    notBefore: now - row.daysOld * dayMs,
    notAfter: now + row.daysLeft * dayMs,
  })
  const certificate = parseCertificate(certificateDer)
  if (!certificate.ok) throw new Error(`our own certificate ${certificate.failure.detail}`)
  return { certificate: certificate.value, privateKey }
}

const listFile = fileURLToPath(new URL("certificates/signing-certificates.csv", import.meta.url))

async function readList(): Promise<readonly SeedCertificate[]> {
  const problems = createProblemList()
  const { rows } = await readTable(listFile, seedTable(), problems)
  if (problems.total > 0) throw new Error(`the seed's list of certificates is bad: ${problems.kept.slice(0, 5).map(describeProblem).join("; ")}`)
  return rows.map(({ row }) => row)
}

/** One holder may have several that are alike: a row is known by its place. */
function seedTable(): CsvTable<SeedCertificate> {
  const places = new Map<SeedCertificate, number>()
  const place = (row: SeedCertificate): number => places.get(row) ?? (places.set(row, places.size), places.size - 1)
  return {
    file: "signing-certificates.csv",
    columns: ["principal_id", "use", "addresses", "common_name", "organization", "email", "days_old", "days_left"],
    key: (row) => String(place(row)),
    keyColumn: "principal_id",
    read: (check) => ({
      principalId: check.identifier("principal_id"), use: check.oneOf("use", certificateUses), addresses: check.addresses("addresses"), commonName: check.text("common_name", { max: 200 }),
      organization: check.text("organization", { max: 200 }), email: check.addresses("email")[0] ?? "", daysOld: Number(check.identifier("days_old")), daysLeft: Number(check.identifier("days_left")),
    }),
  }
}

async function writeFiles(dir: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (const [address, bytes] of files) {
    const handle = await open(join(dir, `${address}.p12`), "wx", 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}
