import type { Clock } from "../base/clock.ts"
import type { CredentialStore } from "./credential.ts"

const minuteMs = 60_000
const maxKept = 10_000

/** Notes uses of credentials in the store, once a minute for each in this process; nobody waits for it, and a note that fails is made at the next use. */
export function lastUses(credentials: Pick<CredentialStore, "used">, clock: Clock): (credentialId: number, clientAddress: string) => void {
  const noted = new Map<number, number>()
  return (credentialId, clientAddress) => {
    const now = clock.now()
    const before = noted.get(credentialId)
    if (before !== undefined && now - before < minuteMs) return
    noted.delete(credentialId)
    noted.set(credentialId, now)
    const [oldest] = noted.keys()
    if (noted.size > maxKept && oldest !== undefined) noted.delete(oldest)
    credentials.used(credentialId, clientAddress).catch(() => noted.delete(credentialId))
  }
}
