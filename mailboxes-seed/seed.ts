import { randomInt } from "node:crypto"
import { open, readFile, rename } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { appPasswordHash, newAppPassword } from "../src/accounts/credential.ts"
import { defaultMailboxes } from "../src/accounts/default-mailboxes.ts"
import type { Directory } from "../src/accounts/directory.ts"
import { importFolder } from "../src/accounts/import/import.ts"
import { describeProblem } from "../src/accounts/import/problem.ts"
import { createPasswordWork } from "../src/accounts/password-work.ts"
import { systemClock } from "../src/base/clock.ts"
import { appPasswordKey } from "../src/cli/credential-key.ts"
import type { Config } from "../src/config/schema.ts"
import { createAdministratorStore } from "../src/store/sql/administrators.ts"
import { createCredentialStore } from "../src/store/sql/credentials.ts"
import type { Database } from "../src/store/sql/database.ts"
import { loadDirectory } from "../src/store/sql/directory.ts"
import { createProvisioningStore } from "../src/store/sql/provisioning.ts"
import { issueSeedCertificates } from "./issue-certificates.ts"

/**
 * The first start of a system that has no directory yet: the CSV files of this folder through the importer, and three logins to
 * try it with, and everybody's signing certificates. A directory that somebody else filled is never touched; what is done already is not done again.
 */
export interface DemoLogin {
  /** Who it is, for the welcome screen. */
  readonly label: string
  readonly address: string
  readonly password: string
  readonly principalId: string
  readonly via: "password" | "appPassword"
  /** The unit that it administers in the console, `*` for the province; absent: none. */
  readonly administers?: string
}

export interface SeedOptions {
  readonly database: Database
  readonly config: Config
  /** `done` of `total` steps, and what the next one does. */
  readonly onProgress?: (done: number, total: number, step: string) => void
}

export interface Seeded {
  readonly logins: readonly DemoLogin[]
  /** The directory's version when this call changed it: publish a `directory` change if others run already. */
  readonly version: number | null
}

/** Two who share an office, and that office. */
const demo = {
  individuals: [
    { address: "tabadung.vp@sonv.tinh.example", principalId: "CN00121", role: "province", unitCode: null },
    { address: "levany.vp@sonv.tinh.example", principalId: "CN00137", role: "unit", unitCode: "SNV" },
  ],
  office: { address: "vp@sonv.tinh.example", principalId: "CN00121" },
} as const

const folder = fileURLToPath(new URL(".", import.meta.url))
const demoLabel = "demo"

export async function seedDirectory({ database, config, onProgress }: SeedOptions): Promise<Seeded> {
  let steps = 0
  const step = (what: string): void => onProgress?.(steps++, totalSteps, what)
  const file = join(config.dataDir, "demo-logins.json")
  const before = await readLogins(file)
  if (!before) step("reading the directory")
  const imported = before ? null : await importWhenEmpty(database, config, step)
  const directory = await loadDirectory(database)
  if ([...demo.individuals, demo.office].some(({ address }) => directory.resolve(address).kind !== "account")) return { logins: [], version: imported }
  const logins = before ?? (await makeLogins({ database, config, directory }, step))
  if (!before) await writeLogins(file, logins)
  const onIssued = (done: number, total: number): void => onProgress?.(totalSteps - issuingSteps + Math.floor((done * issuingSteps) / total), totalSteps, "issuing certificates")
  const registered = await issueSeedCertificates({ database, config, directory, logins, onProgress: onIssued })
  if (!before || registered !== null) onProgress?.(totalSteps, totalSteps, "done")
  return { logins, version: registered ?? imported }
}

/** Of the progress bar. */
const issuingSteps = 10
const totalSteps = 3 + demo.individuals.length + issuingSteps

async function makeLogins(tools: LoginTools, step: (what: string) => void): Promise<readonly DemoLogin[]> {
  const logins: DemoLogin[] = []
  for (const person of demo.individuals) {
    step("making demo logins")
    logins.push(await individualLogin(tools, person))
  }
  return [...logins, await officeLogin(tools)]
}

async function importWhenEmpty(database: Database, config: Config, step: (what: string) => void): Promise<number | null> {
  const [found] = await database.query<{ used: boolean }>({ text: "SELECT EXISTS (SELECT FROM account) OR EXISTS (SELECT FROM organization_unit) AS used" })
  if (found?.used) return null
  const outcome = await importFolder(
    { dir: folder, credentialsPath: null, suspendMissing: false, reactivate: false, dryRun: false },
    {
      store: createProvisioningStore(database),
      mailboxes: defaultMailboxes(config.imap.vietnameseFolderNames),
      clock: systemClock,
      onPlan: ({ tables }) => step(`writing ${tables.accounts.add.length} accounts`),
    },
  )
  if (outcome.kind === "done") return outcome.version
  throw new Error(outcome.kind === "bad" ? `the seed files are bad: ${outcome.problems.slice(0, 5).map(describeProblem).join("; ")}` : "the directory keeps changing")
}

interface LoginTools {
  readonly database: Database
  readonly config: Config
  readonly directory: Directory
}

async function individualLogin({ database, config, directory }: LoginTools, { address, principalId, role, unitCode }: (typeof demo.individuals)[number]): Promise<DemoLogin> {
  const password = readablePassword()
  const hash = await createPasswordWork({ cost: config.auth.bcryptCost }).hash(password)
  await createCredentialStore(database).setPassword(accountId(directory, address), hash)
  await createAdministratorStore(database).add({ accountId: accountId(directory, address), principalId, role, unitCode, by: "seed" })
  return { label: directory.principal(principalId)?.name ?? principalId, address, password, principalId, via: "password", administers: unitCode ?? "*" }
}

/** A start that was cut short may have left an app password that nobody knows. */
async function officeLogin({ database, config, directory }: LoginTools): Promise<DemoLogin> {
  const { address, principalId } = demo.office
  const credentials = createCredentialStore(database)
  const office = accountId(directory, address)
  for (const { id, label } of await credentials.list(office)) if (label === demoLabel) await credentials.revoke(office, id)
  const password = newAppPassword()
  const hash = appPasswordHash(password, await appPasswordKey(config))
  if (hash === undefined) throw new Error("a new app password is none")
  await credentials.addAppPassword({ accountId: office, principalId, label: demoLabel, hash })
  const target = directory.account(office)
  return { label: target?.displayName ?? address, address, password, principalId, via: "appPassword" }
}

const accountId = (directory: Directory, address: string): number => {
  const target = directory.resolve(address)
  if (target.kind !== "account") throw new Error(`the seed has no account ${address}`)
  return target.account.id
}

/** 14 letters and digits, 69 bits; none that look alike. */
const readablePassword = (): string => Array.from({ length: 14 }, () => "23456789abcdefghjkmnpqrstuvwxyz".charAt(randomInt(31))).join("")

async function readLogins(file: string): Promise<readonly DemoLogin[] | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as readonly DemoLogin[]
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

/** Renamed into place: half a file would be taken for the whole. */
async function writeLogins(file: string, logins: readonly DemoLogin[]): Promise<void> {
  const handle = await open(`${file}.new`, "w", 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(logins, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
}
