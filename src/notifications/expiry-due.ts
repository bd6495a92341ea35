/**
 * Who is to be warned of which certificate now. Pure. A certificate is due at the nearest threshold that it has passed: after days of
 * standing still the larger ones are not made up for. Must not know: SQL, mail.
 */
import type { Account, Directory, Principal } from "../accounts/directory.ts"
import type { NotifiedAdministrator } from "../accounts/notified-administrators.ts"
import type { EndingCertificate } from "../store/expiry-store.ts"

/** Days before the end, the nearest first. */
export const warningDays = [1, 7, 30, 60] as const

const dayMs = 86_400_000
export const warningHorizonMs = Math.max(...warningDays) * dayMs

export interface DueWarning {
  readonly fingerprint: string
  readonly holder: Principal
  readonly use: EndingCertificate["use"]
  readonly subject: string
  readonly notAfter: number
  /** The threshold. */
  readonly days: number
}

export interface DueRequest {
  readonly certificates: readonly EndingCertificate[]
  readonly directory: Directory
  readonly administrators: readonly NotifiedAdministrator[]
  readonly now: number
}

export interface Due {
  /** Address → what it is to be told, the next to end first. */
  readonly byRecipient: ReadonlyMap<string, readonly DueWarning[]>
  readonly unreachable: readonly DueWarning[]
}

export const nearestThreshold = (notAfter: number, now: number): number | undefined => (notAfter <= now ? undefined : warningDays.find((days) => notAfter - now <= days * dayMs))

export function dueWarnings({ certificates, directory, administrators, now }: DueRequest): Due {
  const byRecipient = new Map<string, DueWarning[]>()
  const unreachable: DueWarning[] = []
  for (const { fingerprint, principalId, use, subject, notAfter, told } of certificates) {
    const days = nearestThreshold(notAfter, now)
    const holder = directory.principal(principalId)
    if (days === undefined || !holder || holder.suspended) continue
    const warning = { fingerprint, holder, use, subject, notAfter, days }
    const recipients = new Set([...accountsOf(holder, { directory, now }), ...unitAdministrators(holder, { directory, now }), ...administratorsOf(holder, administrators, directory)])
    if (recipients.size === 0) unreachable.push(warning)
    for (const recipient of recipients) {
      if (told.some((one) => one.days === days && one.recipient === recipient)) continue
      const others = byRecipient.get(recipient)
      if (others) others.push(warning)
      else byRecipient.set(recipient, [warning])
    }
  }
  return { byRecipient, unreachable }
}

function administratorsOf({ unitCode }: Principal, administrators: readonly NotifiedAdministrator[], { organization }: Directory): readonly string[] {
  const units = new Set(organization.unitPath(unitCode).map(({ code }) => code))
  return administrators.flatMap((one) => (one.unitCode === null || units.has(one.unitCode) ? [one.address] : []))
}

interface At {
  readonly directory: Directory
  readonly now: number
}

/** Their own accounts; for those who have none, the offices' that they work with. */
function accountsOf(principal: Principal, { directory, now }: At): readonly string[] {
  const assignments = directory.assignmentsOfPrincipal(principal.id, now)
  const own = assignments.filter(({ rights }) => rights.includes("owner"))
  return addresses(own.length > 0 ? own : assignments.filter(({ rights }) => rights.includes("write")), directory)
}

/** People who hold `administer` on an office's account of the holder's unit. */
function unitAdministrators(holder: Principal, at: At): readonly string[] {
  const { directory, now } = at
  const offices = [...directory.accounts()].filter((account) => account.kind === "organizational" && account.unitCode === holder.unitCode)
  const people = offices.flatMap(({ id }) => directory.assignmentsOfAccount(id, now)).filter(({ rights }) => rights.includes("administer"))
  return people.flatMap(({ principalId }) => {
    const person = directory.principal(principalId)
    return person ? accountsOf(person, at) : []
  })
}

const addresses = (assignments: readonly { readonly accountId: number }[], directory: Directory): readonly string[] =>
  assignments
    .map(({ accountId }) => directory.account(accountId))
    .filter((account): account is Account => account !== undefined && !account.suspended)
    .map(({ address }) => address)
