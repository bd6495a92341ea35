import type { DkimKeyStore } from "../../src/store/dkim-key-store.ts"
import { keyRecord, keyRecordName } from "../../src/mail/dkim/key-record.ts"
import { newDkimKeys } from "../../src/mail/dkim/new-keys.ts"

/** Keys of a domain that sign, and their records as mailauth's resolver and dkimpy take them. */
export async function activeKeys(store: DkimKeyStore, domain: string): Promise<Readonly<Record<string, string>>> {
  const added = await store.add(domain, await newDkimKeys({ now: Date.now(), taken: new Set() }))
  if (!added.ok || !(await store.activate(domain)).ok) throw new Error(`no keys for ${domain}`)
  return Object.fromEntries((await store.list(domain)).map((key) => [keyRecordName(key), keyRecord(key)]))
}

export const textResolver = (records: Readonly<Record<string, string>>) => async (name: string, type: string): Promise<string[][]> => {
  const text = type === "TXT" ? records[name] : undefined
  if (text === undefined) throw Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" })
  return [[text]]
}
