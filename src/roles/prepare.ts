import { existsSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { Logger } from "pino"
import { systemClock } from "../base/clock.ts"
import { lockFolder } from "../base/folder-lock.ts"
import { loadOrCreateKey, readKey } from "../base/key-file.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { ensureDevelopmentCertificates } from "../pki/development-ca.ts"
import { openDatabase } from "../store/sql/database.ts"
import { migrate } from "../store/sql/migrate.ts"
import { developmentNames } from "./development-names.ts"

/** What must be there before a role serves: keys, certificates, the schema. Made at the first start, only read later. */
export interface PreparedFiles {
  readonly contentKey: Buffer
  readonly appPasswordKey: Buffer
  readonly tls: { readonly cert: Buffer; readonly key: Buffer }
  /** Null when the certificate is a configured one. */
  readonly caFile: string | null
}

export async function prepareFiles(config: Config): Promise<PreparedFiles> {
  const key = (configured: string, name: string): Promise<Buffer> => (configured ? configuredKey(pathOr(config, configured, "")) : loadOrCreateKey(join(config.dataDir, "keys", name)))
  const [contentKey, appPasswordKey, files] = await Promise.all([
    key(config.store.keyFile, "content.key"),
    key(config.auth.keyFile, "credential.key"),
    config.tls.certificateFile ? configuredCertificate(config) : developmentCertificate(config),
  ])
  const [cert, privateKey] = await Promise.all([readFile(files.certificateFile), readFile(files.keyFile)])
  return { contentKey, appPasswordKey, tls: { cert, key: privateKey }, caFile: files.caFile }
}

/** A key that configuration names is there, or a wrong path would quietly seal new mail with a new key. */
function configuredKey(file: string): Promise<Buffer> {
  if (!existsSync(file)) throw new Error(`the key file ${file} does not exist; make one with: openssl rand -hex 32`)
  return readKey(file)
}

interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
  readonly caFile: string | null
}

const configuredCertificate = (config: Config): CertificateFiles => ({
  certificateFile: pathOr(config, config.tls.certificateFile, ""),
  keyFile: pathOr(config, config.tls.keyFile, ""),
  caFile: null,
})

const lockPatienceMs = 10_000

const developmentCertificate = (config: Config): Promise<CertificateFiles> =>
  withDevelopmentFolder(config, (dir) => ensureDevelopmentCertificates({ dir, names: developmentNames(config.hostname), clock: systemClock }))

/** Roles started at the same moment take turns, so that they share one CA. */
export async function withDevelopmentFolder<T>(config: Config, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = join(config.dataDir, "pki")
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (let waited = 0; ; waited += 20) {
    const lock = await lockFolder(dir)
    if (lock) {
      try {
        return await work(dir)
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
