import { holderCertificate, readBounded } from "../accounts/import/read-certificate-files.ts"
import { type BindingProblem, checkBinding } from "../accounts/certificate-binding.ts"
import { certificateUses } from "../accounts/import/rows.ts"
import type { CertificateState, Directory } from "../accounts/directory.ts"
import type { Result } from "../base/result.ts"
import { systemClock } from "../base/clock.ts"
import { parseDurationMs } from "../base/units.ts"
import type { Failure } from "../mail/failure.ts"
import { pem } from "../pki/write-certificate.ts"
import type { CertificateDetail, NewCertificate } from "../store/certificate-registry.ts"
import { createCertificateRegistry } from "../store/sql/certificates.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { administrator } from "./administrator.ts"
import { certificateTable, certificateText, shortFingerprint } from "./certificate-text.ts"
import { announceDirectory, CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { findAccount } from "./find-account.ts"

/** `congthu certificate …`: the registry of signing certificates. Each change is one transaction with its audit entry, and counts on the next message. */
export interface ListOptions {
  readonly holder?: string
  readonly state?: string
  readonly expiring?: string
}

export async function listCertificates({ database }: CommandContext, { holder, state, expiring }: ListOptions): Promise<number> {
  const now = systemClock.now()
  const records = await createCertificateRegistry(database).list({
    ...(holder !== undefined && { principalId: holder }),
    ...(state !== undefined && { state: stateOf(state) }),
    ...(expiring !== undefined && { endsAfter: now, endsBefore: now + durationOf(expiring) }),
  })
  if (records.length > 0) print(certificateTable(records, now))
  say(`${records.length} ${records.length === 1 ? "certificate" : "certificates"}`)
  return exitCodes.ok
}

export async function showCertificate({ database }: CommandContext, fingerprint: string, options: { readonly pem?: boolean }): Promise<number> {
  const found = await findCertificate(createCertificateRegistry(database).find, fingerprint)
  print(options.pem ? pem("CERTIFICATE", found.der).trimEnd() : certificateText(found, systemClock.now()))
  return exitCodes.ok
}

export interface AddOptions {
  readonly holder: string
  readonly use: string
  readonly for?: readonly string[]
  readonly from?: string
  readonly until?: string
}

export async function addCertificate(context: CommandContext, file: string, options: AddOptions): Promise<number> {
  const bytes = await readBounded(file)
  if (typeof bytes === "string") throw new CommandError(`${file}: ${bytes}`)
  const certificate = holderCertificate(bytes)
  if (typeof certificate === "string") throw new CommandError(`${file}: ${certificate}`)
  const added = bindingOf(await loadDirectory(context.database), options)
  if (certificate.notAfter < systemClock.now()) say(`Note: this certificate ended on ${new Date(certificate.notAfter).toISOString()}; what it signs now counts for nothing.`)
  await changed(context, createCertificateRegistry(context.database).add([{ certificate, ...added }], { by: administrator(), source: "command" }))
  say(`Registered ${certificate.subject.text} for ${options.holder}.`)
  print(certificate.fingerprint)
  return exitCodes.ok
}

function bindingOf(directory: Directory, options: AddOptions): Omit<NewCertificate, "certificate"> {
  const use = certificateUses.find((word) => word === options.use)
  if (use === undefined) throw new CommandError(`"${options.use}" is not one of: ${certificateUses.join(", ")}`)
  const binding = checkBinding(directory, { holder: options.holder, use, accounts: (options.for ?? []).map((address) => findAccount(directory, address).address), from: options.from ?? null, until: options.until ?? null }, systemClock.now())
  if (!binding.ok) throw new CommandError(bindingProblemText(binding.failure, options.holder))
  return binding.value
}

function bindingProblemText({ kind, what }: BindingProblem, holder: string): string {
  switch (kind) {
    case "noHolder":
      return `there is no principal ${what}`
    case "notForOrganization":
      return `${what} is an organization: its certificates are "organizational"`
    case "notForPerson":
      return `${what} is a person: their certificates are "personal" or "mobile"`
    case "notDate":
      return `"${what}" is not a date such as "2026-01-31"`
    case "backwards":
      return `the binding would end on ${what}, before it begins`
    case "noAccount":
      return `there is no account ${what}`
    case "maySign":
      return `${holder} may not sign for ${what} today: that takes "owner", or "sign" on an office's account (assignments.csv)`
  }
}

const doneWords = { active: "Reinstated", suspended: "Suspended", revoked: "Revoked" } as const satisfies Record<CertificateState, string>

export async function changeState(context: CommandContext, fingerprint: string, { state, reason }: { readonly state: CertificateState; readonly reason: string }): Promise<number> {
  const registry = createCertificateRegistry(context.database)
  const found = await findCertificate(registry.find, fingerprint)
  if (reason.length > maxReasonCharacters) throw new CommandError(`a reason has at most ${maxReasonCharacters} characters`)
  await changed(context, registry.setState(found.fingerprint, state, { by: administrator(), source: "command", reason }))
  say(`${doneWords[state]} ${shortFingerprint(found.fingerprint)} of ${found.principalId} ${found.holderName}; it counts from the next message on.`)
  return exitCodes.ok
}

const maxReasonCharacters = 200

async function changed(context: CommandContext, change: Promise<Result<number, Failure>>): Promise<void> {
  const result = await change
  if (!result.ok) throw new CommandError(result.failure.detail)
  await announceDirectory(context, result.value)
}

const minPrefix = 8

/** Of a fingerprint, or of the serial number that refusals name, the beginning is enough; with or without the colons that OpenSSL writes. */
async function findCertificate(find: (prefix: string) => Promise<readonly CertificateDetail[]>, fingerprint: string): Promise<CertificateDetail> {
  const prefix = fingerprint.replace(/[:…]|\.{3}$/g, "").toLowerCase()
  if (!/^[0-9a-f]{1,64}$/.test(prefix) || prefix.length < minPrefix) throw new CommandError(`"${fingerprint}" is not the beginning of a SHA-256 fingerprint or of a serial number (at least ${minPrefix} hexadecimal digits); \`congthu certificate list\` shows them`)
  const [found, another] = await find(prefix)
  if (!found) throw new CommandError(`there is no certificate ${fingerprint}; \`congthu certificate list\` shows those that are registered`)
  if (another) throw new CommandError(`more than one certificate begins with ${fingerprint}: give more of the fingerprint`)
  return found
}

function stateOf(text: string): CertificateState {
  const states = ["active", "suspended", "revoked"] as const satisfies readonly CertificateState[]
  const state = states.find((word) => word === text)
  if (state === undefined) throw new CommandError(`"${text}" is not one of: ${states.join(", ")}`)
  return state
}

function durationOf(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined) throw new CommandError(`"${text}" is not a duration such as "60d"`)
  return ms
}
