import { timeStamping } from "../path-rules.ts"
import type { MessageSigner } from "../signature-facts.ts"
import { verifyTimestamp } from "../timestamp.ts"
import type { OfflineStatuses } from "./offline-statuses.ts"

export type ProvenTimeResult = { readonly kind: "proven"; readonly time: number } | { readonly kind: "none" } | { readonly kind: "bad"; readonly detail: string }

/** The earliest time that a stamp on this signature proves (RFC 3161), its authority judged by what was frozen with it. */
export async function provenTimeOf({ timestamps, signatureDigests }: MessageSigner, { offline, now }: { readonly offline: OfflineStatuses; readonly now: number }): Promise<ProvenTimeResult> {
  const times: number[] = []
  let detail = ""
  for (const token of timestamps) {
    const verified = await verifyTimestamp({ token: Buffer.from(token, "base64"), signatureDigests, now }, {
      of: async ({ certificate, at }) => {
        const { path, anchorTrusted, revocation } = await offline.recheck(certificate, timeStamping, at)
        const problems = [...path.problems, ...(anchorTrusted === "no" ? (["untrusted"] as const) : []), ...revocation.flatMap(({ holds }) => (holds === "yes" ? [] : holds === "no" ? (["revoked"] as const) : (["revocationUnknown"] as const)))]
        return { fingerprint: certificate.fingerprint, problems: [...new Set(problems)], chain: [], anchor: path.anchor, revocation: [], at }
      },
    })
    if (verified.ok) times.push(verified.value.time)
    else detail = verified.failure.detail
  }
  if (times.length > 0) return { kind: "proven", time: Math.min(...times) }
  return timestamps.length === 0 ? { kind: "none" } : { kind: "bad", detail }
}
