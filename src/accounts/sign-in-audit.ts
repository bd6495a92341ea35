import type { Clock } from "../base/clock.ts"
import type { AuditRecorder } from "./audit-record.ts"
import type { CertificateLogins } from "./certificate-login.ts"
import type { Directory, DirectorySource } from "./directory.ts"
import type { Authenticator, Login } from "./login.ts"
import { clientNetwork } from "./login-throttle.ts"

/**
 * Sign-ins in the audit. The first of a client is recorded before it is let in; those that follow within the hour, as mail clients make them all day,
 * are counted and become one entry. Failures are counted by network and minute, so that no attacker fills the disk. What is only counted is lost with a
 * process that is killed: an hour of repetitions, a minute of failures. Must not know: SQL, protocols.
 */
export interface SignInAudit {
  /** Resolves once it is on record. Throws when the store cannot be reached: nobody comes in unseen. */
  succeeded(event: { readonly login: Login; readonly clientAddress: string; readonly service: SignInService }): Promise<void>
  failed(event: { readonly username: string; readonly clientAddress: string; readonly service: SignInService; readonly reason: string }): void
  /** Records what was counted and is due; at the end of the process, all of it. */
  flush(all?: boolean): Promise<void>
  close(): Promise<void>
}

export type SignInService = "smtp" | "imap" | "console" | "api"

export interface SignInAuditParts {
  readonly recorder: AuditRecorder
  readonly directory: Pick<DirectorySource, "current">
  readonly clock: Clock
  /** Told of counts that could not be recorded. */
  readonly lost: (error: unknown) => void
}

const repeatedForMs = 3_600_000
const flushMs = 60_000
/** Clients in memory; one that is pushed out is recorded again at its next sign-in. */
const maxClients = 20_000
/** Networks with an entry of their own in one minute; the others share one. */
const maxNetworks = 100
const maxNames = 5
const maxNameCharacters = 320

interface Client {
  readonly recorded: Promise<void>
  readonly entry: { readonly principalId: string | null; readonly accountId: number; readonly clientAddress: string; readonly detail: Readonly<Record<string, unknown>> }
  readonly firstAt: number
  lastAt: number
  repeated: number
}

interface Failures {
  readonly network: string
  readonly service: SignInService
  readonly firstAt: number
  readonly names: Set<string>
  readonly reasons: Map<string, number>
  moreNames: boolean
  times: number
}

export function createSignInAudit({ recorder, directory, clock, lost }: SignInAuditParts): SignInAudit {
  const clients = new Map<string, Client>()
  let failures = new Map<string, Failures>()

  const tellRepeated = async ({ entry, firstAt, lastAt, repeated }: Client): Promise<void> => {
    if (repeated > 0) await recorder.record({ ...entry, kind: "signIn.repeated", detail: { ...entry.detail, times: repeated, since: iso(firstAt), until: iso(lastAt) } })
  }
  const tellFailures = ({ network, service, firstAt, names, moreNames, reasons, times }: Failures): Promise<void> =>
    recorder.record({ kind: "signIn.failed", clientAddress: network, detail: { service, times, since: iso(firstAt), names: [...names], moreNames, reasons: Object.fromEntries(reasons) } })

  const flush = async (all = false): Promise<void> => {
    const told = failures
    failures = new Map()
    const over = [...clients].filter(([, { firstAt }]) => all || clock.now() - firstAt >= repeatedForMs)
    for (const [key] of over) clients.delete(key)
    await Promise.all([...[...told.values()].map(tellFailures), ...over.map(([, client]) => tellRepeated(client))]).catch(lost)
  }
  const timer = setInterval(() => void flush(), flushMs)
  timer.unref()

  return {
    async succeeded({ login, clientAddress, service }) {
      const { accountId, principalId, via, credentialId, certificate, address } = login
      const now = clock.now()
      const key = [service, accountId, principalId, via, credentialId ?? certificate, clientNetwork(clientAddress)].join(" ")
      const known = clients.get(key)
      if (known && now - known.firstAt < repeatedForMs) {
        await known.recorded
        known.repeated++
        known.lastAt = now
        return
      }
      if (known) void tellRepeated(known).catch(lost)
      const owner = isOwner(directory.current(), login, now)
      const entry = { principalId, accountId, clientAddress, detail: { service, via, address, owner, ...(credentialId !== null && { credentialId }), ...(certificate !== undefined && { certificate }) } }
      const client: Client = { entry, firstAt: now, lastAt: now, repeated: 0, recorded: recorder.record({ ...entry, kind: "signIn.succeeded" }) }
      clients.set(key, client)
      makeRoom()
      try {
        await client.recorded
      } catch (error) {
        if (clients.get(key) === client) clients.delete(key)
        throw error
      }
    },
    failed({ username, clientAddress, service, reason }) {
      const own = `${service} ${clientNetwork(clientAddress)}`
      const key = failures.has(own) || failures.size < maxNetworks ? own : "others"
      const one = failures.get(key) ?? { network: key === "others" ? "others" : clientNetwork(clientAddress), service, firstAt: clock.now(), names: new Set<string>(), reasons: new Map<string, number>(), moreNames: false, times: 0 }
      const name = printable(username.slice(0, maxNameCharacters))
      if (one.names.size < maxNames) one.names.add(name)
      else one.moreNames ||= !one.names.has(name)
      one.reasons.set(reason, (one.reasons.get(reason) ?? 0) + 1)
      one.times++
      failures.set(key, one)
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush(true)
    },
  }

  function makeRoom(): void {
    const [oldest] = clients.size > maxClients ? clients : []
    if (!oldest) return
    clients.delete(oldest[0])
    void tellRepeated(oldest[1]).catch(lost)
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

/** NUL is no character of jsonb, and half a surrogate pair none of UTF-8. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, "\ufffd").toWellFormed()

/** Null where nobody in particular signed in: an account that nobody owns. */
export function isOwner(directory: Directory, { accountId, principalId }: Pick<Login, "accountId" | "principalId">, now: number): boolean | null {
  if (principalId === null) return null
  return directory.assignmentsOfAccount(accountId, now).some((assignment) => assignment.principalId === principalId && assignment.rights.includes("owner"))
}

/** Everybody who signs in with a password is on record. */
export const auditedAuthenticator = (authenticator: Authenticator, audit: SignInAudit): Authenticator => ({
  async login(request) {
    const result = await authenticator.login(request)
    if (result.ok) await audit.succeeded({ ...request, login: result.value })
    else if (isRefusal(result.failure.kind)) audit.failed({ ...request, reason: result.failure.kind })
    return result
  },
})

/** Likewise with a certificate. */
export const auditedCertificateLogins = (logins: CertificateLogins, audit: SignInAudit): CertificateLogins => ({
  mayOffer: (certificates) => logins.mayOffer(certificates),
  async login(request) {
    const result = await logins.login(request)
    if (result.ok) await audit.succeeded({ ...request, login: result.value })
    else if (isRefusal(result.failure.kind)) audit.failed({ ...request, username: request.authorizeAs, reason: result.failure.kind })
    return result
  },
})

/** A store that is away refuses nobody. */
const isRefusal = (kind: string): boolean => kind === "noPermission" || kind === "limit" || kind === "policy"
