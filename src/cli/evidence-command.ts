import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { systemClock } from "../base/clock.ts"
import { describeProblems, loadConfig } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { type EvidenceBundle, maxBundleBytes, readBundle, writeBundle } from "../pki/evidence/bundle.ts"
import { findingLine } from "../pki/evidence/findings.ts"
import type { OfflineTrust } from "../pki/evidence/offline-statuses.ts"
import { type EvidenceReport, verifyEvidence } from "../pki/evidence/verify-evidence.ts"
import { readCertificates } from "../pki/read-certificates.ts"
import { loadTrust, purposeOid } from "../pki/trust-anchors.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { CommandError, type CommandContext, exitCodes, type GlobalOptions, print, say } from "./context.ts"
import { exportBundle } from "./evidence-export.ts"

/** `congthu evidence …`: why a signed message was decided upon as it was, to be taken away and checked elsewhere, years later. */
export interface ExportOptions {
  readonly out?: string
  /** commander's form of `--no-message`. */
  readonly message: boolean
}

export async function exportEvidence({ config, database }: CommandContext, message: string, options: ExportOptions): Promise<number> {
  const bundle = await exportBundle({ config, database, message, withMessage: options.message })
  const text = writeBundle(bundle)
  await createAuditStore(database).record({ kind: "evidence.exported", envelopeId: bundle.envelope.id, detail: { messageId: bundle.envelope.messageId, withMessage: bundle.message !== null } })
  if (options.out === undefined) process.stdout.write(text)
  else {
    // a message is nobody's but its readers'
    await writeFile(options.out, text, { mode: 0o600 })
    say(`Wrote ${options.out}: envelope ${bundle.envelope.id}, <${bundle.envelope.messageId}>.`)
  }
  if (options.message && bundle.message === null) say("The message itself is no longer kept: the bundle has its SHA-256 only.")
  return exitCodes.ok
}

export interface VerifyOptions {
  /** PEM, DER or PKCS #7 of the authorities that the reader trusts, instead of those in the configuration. */
  readonly trust?: string
  /** The message, for a bundle without it. */
  readonly message?: string
}

/** Needs no database and no network: the file, and who is trusted. */
export async function verifyEvidenceFile(global: GlobalOptions, file: string, options: VerifyOptions): Promise<number> {
  const loaded = loadConfig({ file: global.config, dataDir: global.dataDir })
  if (!loaded.ok) {
    say(describeProblems(loaded.failure))
    return exitCodes.config
  }
  try {
    const bundle = readBundle((await boundedFile(file)).toString("utf8"))
    if (!bundle.ok) {
      say(`${file}: ${bundle.failure}`)
      return exitCodes.badData
    }
    const whole = options.message === undefined ? bundle.value : { ...bundle.value, message: (await boundedFile(options.message)).toString("base64") }
    const report = await verifyEvidence(whole, { trust: await trustOf(loaded.value.config, options), clock: systemClock })
    printReport(whole, report)
    return { holds: exitCodes.ok, partly: exitCodes.partly, broken: exitCodes.failed }[report.outcome]
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    say(error.message)
    return exitCodes.failed
  }
}

const outcomes = {
  holds: "Bằng chứng có giá trị / The evidence holds",
  partly: "Không có gì sai, nhưng có điều chỉ dựa vào lời của bên khác / Nothing is wrong, but something rests on others' word",
  broken: "Bằng chứng KHÔNG có giá trị / The evidence does NOT hold",
} as const

function printReport({ envelope, record }: EvidenceBundle, { findings, outcome }: EvidenceReport): void {
  print(`<${envelope.messageId}> ${record.content.sha256}, ${new Date(record.acceptedAt).toISOString()}, ${record.software}`.replace(/\p{Cc}/gu, "\ufffd"))
  for (const finding of findings) print(findingLine(finding))
  print(`${outcomes[outcome]}.`)
}

async function trustOf(config: Config, { trust }: VerifyOptions): Promise<OfflineTrust> {
  const { algorithms, extendedKeyUsages } = config.pki
  const base = { algorithms, extendedKeyUsages: extendedKeyUsages.flatMap((word) => purposeOid(word) ?? []) }
  if (trust !== undefined) {
    const certificates = readCertificates(await boundedFile(trust))
    if (!certificates.ok) throw new CommandError(`${trust}: ${certificates.failure.detail}`)
    return { ...base, anchors: new Set(certificates.value.map(({ fingerprint }) => fingerprint)) }
  }
  const configured = await loadTrust({ anchors: config.pki.anchors, intermediateFiles: [], algorithms })
  if (!configured.ok) throw new CommandError(configured.failure.map(({ anchor, reason }) => `${anchor} ${reason}`).join("; "))
  const anchors = configured.value.anchors.map(({ certificate }) => certificate.fingerprint)
  return { ...base, anchors: anchors.length > 0 ? new Set(anchors) : await developmentAnchor(config) }
}

/** The root that this data folder's development CA made, if it has one. */
async function developmentAnchor(config: Config): Promise<ReadonlySet<string> | null> {
  const bytes = await readFile(join(config.dataDir, "pki", "smime-root.pem")).catch(() => undefined)
  const certificates = bytes && readCertificates(bytes)
  return certificates?.ok ? new Set(certificates.value.map(({ fingerprint }) => fingerprint)) : null
}

async function boundedFile(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file)
    if (size > maxBundleBytes) throw new CommandError(`${file} is larger than ${maxBundleBytes} bytes`)
    return await readFile(file)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
