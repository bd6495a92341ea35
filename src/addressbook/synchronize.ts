import { setImmediate as nextTurn } from "node:timers/promises"
import type { AddressBookEntry, AddressBookSource } from "../store/address-book-source.ts"
import type { LdapDirectory, PresentEntry } from "./ldap-directory.ts"
import { entryDigest, type EntryOptions, ldapEntry } from "./ldap-entry.ts"

/**
 * Makes an LDAP server's address book what the directory says: reads what is there, adds, replaces and removes what differs. A second
 * run changes nothing; one that was broken off is finished by the next. Held in memory are names and digests, not entries.
 */
export interface SynchronizeParts {
  readonly source: Pick<AddressBookSource, "entries">
  readonly directory: Pick<LdapDirectory, "present" | "add" | "replace" | "remove">
  readonly options: EntryOptions
  /** Ends the run between two batches, with the signal's reason. */
  readonly signal: AbortSignal
}

export interface SynchronizeReport {
  readonly unchanged: number
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** Entries that the server will not take, and why; the rest goes on. */
  readonly refused: readonly { readonly uid: string; readonly reason: string }[]
}

/** Entries at once: as many requests are under way on the one connection, and reading so many certificates takes a millisecond or two. */
const window = 4

export async function synchronize({ source, directory, options, signal }: SynchronizeParts): Promise<SynchronizeReport> {
  const counts = { unchanged: 0, added: 0, changed: 0, removed: 0 }
  const refused: { readonly uid: string; readonly reason: string }[] = []
  const stale = await readPresent(directory, signal)

  const put = async (wanted: AddressBookEntry): Promise<void> => {
    const entry = ldapEntry(wanted, options)
    const present = stale.get(entry.uid)
    stale.delete(entry.uid)
    if (present?.digest === entryDigest(entry.attributes)) {
      counts.unchanged++
      return
    }
    const reason = await (present ? directory.replace(present.dn, entry) : directory.add(entry))
    if (reason !== undefined) refused.push({ uid: entry.uid, reason })
    else if (present) counts.changed++
    else counts.added++
  }

  for await (const batch of source.entries()) await inWindows(batch, put, signal)
  // only now is it known what nobody asked for
  await inWindows([...stale.values()], async ({ dn }) => {
    await directory.remove(dn)
    counts.removed++
  }, signal)
  return { ...counts, refused }
}

async function readPresent(directory: Pick<LdapDirectory, "present">, signal: AbortSignal): Promise<Map<string, PresentEntry>> {
  const present = new Map<string, PresentEntry>()
  for await (const page of directory.present()) {
    signal.throwIfAborted()
    for (const entry of page) present.set(entry.uid || entry.dn, entry)
  }
  return present
}

async function inWindows<Item>(items: readonly Item[], work: (item: Item) => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < items.length; at += window) {
    signal.throwIfAborted()
    // where nothing differs nothing is waited for, and others would not get their turns
    await nextTurn()
    await Promise.all(items.slice(at, at + window).map(work))
  }
}
