/**
 * Sends the DSNs that are owed. Purpose: whoever asked, or must know, is told what became of a message. Invariants: none for a
 * DSN (the store owes nothing to the empty reverse-path); each enters by `intake.accept` with the empty reverse-path and is marked
 * as made in that very transaction; what fails is found again by the next sweep. Must not know: SMTP, SQL.
 */
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { Intake } from "../intake/intake.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"
import type { DeliveryStore, DsnKind, OwedDsn } from "../store/delivery-store.ts"
import { buildDsn } from "./dsn.ts"

export interface DsnSender {
  /** Makes what is owed; joins a round that is under way. Resolves with how many DSNs were accepted. */
  send(): Promise<number>
}

export interface DsnLog {
  dsnAccepted(event: { readonly kind: DsnKind; readonly forEnvelopeId: number; readonly envelopeId: number; readonly recipients: number }): void
  dsnRefused(event: { readonly kind: DsnKind; readonly forEnvelopeId: number; readonly code: number; readonly status: string }): void
  dsnFailed(event: { readonly kind: DsnKind; readonly forEnvelopeId: number; readonly error: unknown }): void
}

export interface DsnSenderParts {
  readonly deliveries: Pick<DeliveryStore, "owedDsns" | "dsnMade">
  readonly contents: ContentStore
  readonly intake: Intake
  readonly hostname: string
  readonly clock: Clock
  readonly log: DsnLog
}

const limit = 200
/** A larger message is not returned in full, whatever RET says; RFC 3461 §4.3 allows it. */
export const maxReturnedBytes = 1024 * 1024
const maxHeaderBytes = 64 * 1024
/** The words and fields around what is returned; a thousand recipients fit in. */
const maxDsnBytes = maxReturnedBytes + 1024 * 1024

export function createDsnSender({ deliveries, contents, intake, hostname, clock, log }: DsnSenderParts): DsnSender {
  let underWay: Promise<number> | undefined

  const round = async (): Promise<number> => {
    let made = 0
    for (const owed of byEnvelope(await deliveries.owedDsns(limit))) {
      try {
        if (await make(owed)) made++
      } catch (error) {
        // one message whose content cannot be read must not keep the others from being told
        log.dsnFailed({ kind: owed[0].kind, forEnvelopeId: owed[0].envelopeId, error })
      }
    }
    return made
  }

  const make = async (owed: readonly [OwedDsn, ...OwedDsn[]]): Promise<boolean> => {
    const [{ kind, envelopeId: forEnvelopeId, reversePath, requireTls }] = owed
    const deliveryIds = owed.map(({ deliveryId }) => deliveryId)
    const dsn = buildDsn({ owed, hostname, now: clock.now(), returned: await returnedPart(owed[0]), boundary: `=_dsn_${randomId(144)}` })
    const content = await write(dsn.chunks)
    if (content === undefined) return false
    const reply = await intake.accept({
      source: "dsn",
      // RFC 3461 §6.1 and RFC 5321 §4.5.5: nobody is ever told of a DSN. RFC 8689 §5: it is protected like what it quotes.
      envelope: { reversePath: "", recipients: [{ forwardPath: reversePath, notify: ["never"] }], requireTls, smtpUtf8: dsn.utf8 },
      content,
      session: { sessionId: randomId(), clientAddress: "", helo: hostname, tls: null, accountId: null, principalId: null },
      dsnFor: { deliveryIds, kind },
    })
    if (reply.kind === "accepted") {
      log.dsnAccepted({ kind, forEnvelopeId, envelopeId: reply.committed.envelopeId, recipients: owed.length })
      await deliveries.dsnMade(deliveryIds, kind)
      return true
    }
    log.dsnRefused({ kind, forEnvelopeId, code: reply.code, status: reply.status })
    // a sender that does not exist here will not exist at the next sweep
    if (reply.code >= 500) await deliveries.dsnMade(deliveryIds, kind)
    return false
  }

  const write = async (chunks: readonly Uint8Array[]): Promise<PreparedContent | undefined> => {
    const writer = contents.begin(maxDsnBytes)
    for (const chunk of chunks) if (!(await writer.write(chunk)).ok) return undefined
    const finished = await writer.finish()
    return finished.ok ? finished.value : undefined
  }

  /** RFC 3461 §4.3: RET is about failures; other DSNs return the header only. */
  const returnedPart = async ({ kind, ret, content }: OwedDsn): Promise<{ readonly kind: "full" | "headers"; readonly bytes: Uint8Array }> => {
    const full = kind === "failure" && ret === "full"
    const start = await upTo(contents.read(content), full ? maxReturnedBytes : maxHeaderBytes)
    if (full && start.complete) return { kind: "full", bytes: start.bytes }
    return { kind: "headers", bytes: headerBlock(start.bytes.subarray(0, maxHeaderBytes)) }
  }

  return {
    send() {
      underWay ??= round().finally(() => (underWay = undefined))
      return underWay
    },
  }
}

async function upTo(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<{ readonly bytes: Buffer; readonly complete: boolean }> {
  const kept: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    kept.push(chunk)
    bytes += chunk.length
    if (bytes > maxBytes) return { bytes: Buffer.concat(kept).subarray(0, maxBytes), complete: false }
  }
  return { bytes: Buffer.concat(kept), complete: true }
}

/** The header with the line end of its last field; what was cut off ends at the last whole line. */
const headerBlock = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf("\r\n\r\n")
  const last = end === -1 ? bytes.lastIndexOf("\r\n") : end
  return bytes.subarray(0, last === -1 ? 0 : last + 2)
}

function byEnvelope(owed: readonly OwedDsn[]): (readonly [OwedDsn, ...OwedDsn[]])[] {
  const groups = new Map<string, [OwedDsn, ...OwedDsn[]]>()
  for (const one of owed) {
    const key = `${one.envelopeId} ${one.kind}`
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()]
}
