import type { PasswordPool } from "../password-pool.ts"
import type { ProvisioningStore } from "./provisioning-store.ts"
import type { CredentialRow } from "./rows.ts"

/**
 * Gives accounts their passwords, batch by batch, each committed: cut short, it goes on where it was when run again, because
 * a password that fits already is left alone.
 */
export interface SetPasswords {
  readonly set: number
  readonly unchanged: number
}

export interface SetPasswordsTools {
  readonly store: ProvisioningStore
  readonly pool: PasswordPool
  readonly onProgress?: (done: number, total: number) => void
}

const batchSize = 200

export async function setPasswords(rows: readonly CredentialRow[], { store, pool, onProgress }: SetPasswordsTools): Promise<SetPasswords> {
  let set = 0
  let done = 0
  for (let at = 0; at < rows.length; at += batchSize) {
    const batch = new Map(rows.slice(at, at + batchSize).map(({ address, password }) => [address, password]))
    const current = await store.passwordHashes([...batch.keys()])
    const hashes = await Promise.all(
      current.map(async ({ address, accountId, hash }) => {
        const next = await pool.hash(batch.get(address) ?? "", hash)
        onProgress?.(++done, rows.length)
        return next === null ? [] : [{ accountId, hash: next }]
      }),
    )
    const changed = hashes.flat()
    if (changed.length > 0) await store.setPasswords(changed)
    set += changed.length
  }
  return { set, unchanged: rows.length - set }
}
