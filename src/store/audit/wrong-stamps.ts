import { createHash } from "node:crypto"
import { checkTimestamp } from "../../pki/timestamp.ts"
import type { AuditHead } from "./head.ts"

/** Positions whose time stamp is not of their head. Whether the authority of a stamp is trusted is for whoever relies on it. */
export async function wrongStamps(heads: readonly AuditHead[], now: number): Promise<readonly number[]> {
  const wrong: number[] = []
  for (const { position, stamp, signature } of heads) {
    if (stamp === null) continue
    const digest = createHash("sha256").update(signature).digest("base64")
    if (!(await checkTimestamp({ token: stamp, signatureDigests: { sha256: digest }, now })).ok) wrong.push(position)
  }
  return [...new Set(wrong)]
}
