import { latestRead } from "../base/latest-read.ts"
import type { GrantOnRecord } from "./administrators.ts"
import type { DirectorySource, Directory } from "./directory.ts"

/**
 * Who is told as an administrator: the addresses that configuration names, or without any the holders of the role `province`; and those of the role
 * `unit` of what belongs to their units. Read at the start and every minute. Must not know: what they are told, SQL.
 */
export interface NotifiedAdministrators {
  /** Those who are told of everything; never waits. */
  ofProvince(): readonly string[]
  /** All, as of now. Rejects when they cannot be read. */
  read(): Promise<readonly NotifiedAdministrator[]>
  close(): void
}

export interface NotifiedAdministrator {
  readonly address: string
  /** Told of what belongs to this unit or one below it; null: of everything. */
  readonly unitCode: string | null
}

export interface NotifiedOptions {
  readonly grants: () => Promise<readonly GrantOnRecord[]>
  readonly directory: DirectorySource
  /** Canonical addresses. */
  readonly configured: readonly string[]
  readonly now: () => number
  readonly onFailure: (error: unknown) => void
  /** 0: never by itself. */
  readonly tickMs?: number
}

/** Rejects when they cannot be read. */
export async function openNotifiedAdministrators({ grants, directory, configured, now, onFailure, tickMs = 60_000 }: NotifiedOptions): Promise<NotifiedAdministrators> {
  let onRecord: readonly GrantOnRecord[] = []
  const refresh = latestRead(async () => {
    onRecord = await grants()
  })
  const notified = (): readonly NotifiedAdministrator[] => notifiedOf({ grants: onRecord, directory: directory.current(), configured, now: now() })
  await refresh()
  const timer = tickMs > 0 ? setInterval(() => void refresh().catch(onFailure), tickMs).unref() : undefined
  return {
    ofProvince: () => notified().flatMap(({ address, unitCode }) => (unitCode === null ? [address] : [])),
    async read() {
      await refresh()
      return notified()
    },
    close: () => clearInterval(timer),
  }
}

/** Pure. A role counts as it does at the sign-in: while whom it was given to still owns the account, and neither is suspended. */
export function notifiedOf({ grants, directory, configured, now }: { readonly grants: readonly GrantOnRecord[]; readonly directory: Directory; readonly configured: readonly string[]; readonly now: number }): readonly NotifiedAdministrator[] {
  const inForce = grants.filter(({ address, principalId }) => {
    const found = directory.resolve(address)
    if (found.kind !== "account" || found.account.suspended) return false
    if (principalId === null) return !directory.hasOwner(found.account.id)
    return directory.assignmentsOfPrincipal(principalId, now).some(({ accountId, rights }) => accountId === found.account.id && rights.includes("owner"))
  })
  const ofProvince = configured.length > 0 ? configured : inForce.filter(({ role }) => role === "province").map(({ address }) => address)
  const ofUnits = inForce.flatMap(({ role, address, unitCode }) => (role === "unit" && unitCode !== null ? [{ address, unitCode }] : []))
  return [...[...new Set(ofProvince)].map((address) => ({ address, unitCode: null })), ...ofUnits]
}
