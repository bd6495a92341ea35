import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { Logger } from "pino"
import { acmeFiles } from "../acme/certificate-keeper.ts"
import { ensureFirstCertificate } from "../acme/first-certificate.ts"
import { systemClock } from "../base/clock.ts"
import { lockFolder } from "../base/folder-lock.ts"
import { loadOrCreateKey, readKey } from "../base/key-file.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { type DevelopmentCertificates, ensureDevelopmentCertificates } from "../pki/development-ca.ts"
import { openDatabase } from "../store/sql/database.ts"
import { migrate } from "../store/sql/migrate.ts"
import type { PairFiles } from "../tls/certificate-files.ts"
import { developmentNames } from "./development-names.ts"

/** What must be there before a role serves: keys, certificates, the schema. Made at the first start, only read later. */
export interface PreparedFiles {
  readonly contentKey: Buffer
  readonly appPasswordKey: Buffer
  /** Of the server's certificates, the one for everybody else first. */
  readonly certificates: readonly PairFiles[]
  /** Null when the certificate is a configured one. */
  readonly caFile: string | null
}

export async function prepareFiles(config: Config): Promise<PreparedFiles> {
  const key = (configured: string, name: string): Promise<Buffer> => (configured ? configuredKey(pathOr(config, configured, "")) : loadOrCreateKey(join(config.dataDir, "keys", name)))
  const [contentKey, appPasswordKey, own, files] = await Promise.all([
    key(config.store.keyFile, "content.key"),
    key(config.auth.keyFile, "credential.key"),
    ownCertificates(config),
    config.tls.acme.directory !== "" || configuredCertificates(config).length > 0 ? null : developmentCertificate(config),
  ])
  return { contentKey, appPasswordKey, certificates: files ? [files] : [...own, ...configuredCertificates(config)], caFile: files?.caFile ?? null }
}

/** A key that configuration names is there, or a wrong path would quietly seal new mail with a new key. */
function configuredKey(file: string): Promise<Buffer> {
  if (!existsSync(file)) throw new Error(`the key file ${file} does not exist; make one with: openssl rand -hex 32`)
  return readKey(file)
}

function configuredCertificates(config: Config): readonly PairFiles[] {
  const { certificateFile, keyFile, certificates } = config.tls
  const all = certificateFile === "" ? certificates : [{ certificateFile, keyFile }, ...certificates]
  return all.map((pair) => ({ certificateFile: pathOr(config, pair.certificateFile, ""), keyFile: pathOr(config, pair.keyFile, "") }))
}

/** The folder of what ACME gets for us, on the volume that all roles share. */
export const acmeFolder = (config: Config): string => pathOr(config, "", "acme")

export const acmeNames = ({ hostname, tls: { acme: { names: [first, ...others] } } }: Config): readonly [string, ...string[]] => (first === undefined ? [hostname] : [first, ...others])

async function ownCertificates(config: Config): Promise<readonly PairFiles[]> {
  if (config.tls.acme.directory === "") return []
  const dir = acmeFolder(config)
  await withFolder(dir, () => ensureFirstCertificate({ dir, names: acmeNames(config), clock: systemClock }))
  return [acmeFiles(dir)]
}

const lockPatienceMs = 10_000

const developmentCertificate = (config: Config): Promise<DevelopmentCertificates> =>
  withDevelopmentFolder(config, (dir) => ensureDevelopmentCertificates({ dir, names: developmentNames(config.hostname), clock: systemClock }))

/** Roles started at the same moment take turns, so that they share one CA. */
export function withDevelopmentFolder<T>(config: Config, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = join(config.dataDir, "pki")
  return withFolder(dir, () => work(dir))
}

async function withFolder<T>(dir: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (let waited = 0; ; waited += 20) {
    const lock = await lockFolder(dir)
    if (lock) {
      try {
        return await work()
      } finally {
        await lock.release()
      }
    }
    if (waited >= lockPatienceMs) throw new Error(`another process has held ${dir} for ${lockPatienceMs / 1000} s`)
    await wait(20)
  }
}

const databasePatienceMs = 30_000

/** Waits for the server, then brings the schema up to date; processes that do so at once take turns. */
export async function prepareSchema(url: string, log: Logger): Promise<void> {
  const database = openDatabase({ url, poolSize: 1, applicationName: "congthu migrate" })
  try {
    for (let waited = 0; ; waited += 250) {
      try {
        const applied = await migrate(database)
        if (applied.length > 0) log.info({ applied }, "the schema is up to date")
        return
      } catch (error) {
        if (waited >= databasePatienceMs || !isStarting(error)) throw error
        await wait(250)
      }
    }
  } finally {
    await database.close()
  }
}

/** A server that is not there yet, or says that it is starting up (SQLSTATE 57P03). */
const isStarting = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["ECONNREFUSED", "ENOENT", "ENOTFOUND", "EAI_AGAIN", "57P03"].includes(String(error.code))
