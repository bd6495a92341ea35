import { asciiDomain } from "../../mail/address.ts"
import type { Clock } from "../../base/clock.ts"
import type { DkimSigningKey } from "../../mail/dkim/signing-key.ts"
import type { DkimKeyStore } from "../../store/dkim-key-store.ts"

/** Which keys sign for a domain. */
export interface SigningKeys {
  /**
   * The domain's own active keys, or those of the nearest domain above it that has some: RFC 7489 §3.1.1 counts a signature of the
   * organizational domain for all below it. Empty when there are none. Rejects when the keys were never read and cannot be read now.
   */
  of(domain: string): Promise<readonly DkimSigningKey[]>
}

/** A rotation waits for the DNS for hours; a quarter of a minute more does not matter. */
const rememberMs = 15_000

export function createSigningKeys({ store, clock }: { readonly store: Pick<DkimKeyStore, "active">; readonly clock: Clock }): SigningKeys {
  let known: ReadonlyMap<string, readonly DkimSigningKey[]> | undefined
  let readAt = 0
  let reading: Promise<ReadonlyMap<string, readonly DkimSigningKey[]>> | undefined

  const read = async (): Promise<ReadonlyMap<string, readonly DkimSigningKey[]>> => {
    try {
      known = Map.groupBy(await store.active(), ({ domain }) => domain)
    } catch (error) {
      // a database that is away takes no key away
      if (!known) throw error
    }
    readAt = clock.now()
    return known
  }
  const current = (): ReadonlyMap<string, readonly DkimSigningKey[]> | Promise<ReadonlyMap<string, readonly DkimSigningKey[]>> =>
    known && clock.now() - readAt < rememberMs ? known : (reading ??= read().finally(() => (reading = undefined)))

  return {
    async of(domain) {
      const keys = await current()
      const labels = (asciiDomain(domain) ?? "").split(".")
      for (let at = 0; at < labels.length; at++) {
        const found = keys.get(labels.slice(at).join("."))
        if (found) return found
      }
      return []
    },
  }
}
