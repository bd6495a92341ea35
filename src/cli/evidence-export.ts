import { join } from "node:path"
import { readKey } from "../base/key-file.ts"
import { openLog } from "../base/log.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { type EvidenceBundle, parseRecord } from "../pki/evidence/bundle.ts"
import { createFileBlobs } from "../store/blob/file-blobs.ts"
import type { ContentRef, ContentStore } from "../store/content-store.ts"
import type { EvidenceStore, StoredEvidence } from "../store/evidence-store.ts"
import { createSealer } from "../store/sealing.ts"
import { createContentStore } from "../store/sql/contents.ts"
import type { Database } from "../store/sql/database.ts"
import { createEvidenceStore } from "../store/sql/evidence.ts"
import { createRevocationStore } from "../store/sql/revocations.ts"
import { createStoryStore } from "../store/sql/story.ts"
import { CommandError } from "./context.ts"

/** Gathers what a bundle is made of from a province's store. */
export interface ExportParts {
  readonly config: Config
  readonly database: Database
  /** Envelope id or Message-ID. */
  readonly message: string
  readonly withMessage: boolean
}

/** Acceptances of one Message-ID that are looked through: a circular that came again and again. */
const maxAcceptances = 50

export async function exportBundle({ config, database, message, withMessage }: ExportParts): Promise<EvidenceBundle> {
  const evidence = createEvidenceStore({ database })
  const stored = await findEvidence(message, evidence, database)
  const record = parseRecord(stored.record)
  const names = new Set([...record.signature.certificates, ...record.statuses.flatMap(({ chain }) => chain)])
  const certificates = await evidence.certificates([...names])
  const { envelopeId, messageId, reversePath, source, acceptedAt, recipients } = stored
  return {
    format: "congthu-evidence/1",
    envelope: { id: envelopeId, messageId, reversePath, source, acceptedAt, recipients },
    record,
    certificates: Object.fromEntries(certificates.map(({ sha256, der }) => [sha256, Buffer.from(der).toString("base64")])),
    documents: await documentsOf(stored, database),
    message: withMessage && stored.content ? (await contentBytes(config, database, stored.content)).toString("base64") : null,
  }
}

type WithRecord = StoredEvidence & { readonly record: string }

const hasRecord = (stored: StoredEvidence | undefined): stored is WithRecord => typeof stored?.record === "string"

/** By number, or the newest acceptance under the Message-ID that has evidence. */
async function findEvidence(message: string, evidence: EvidenceStore, database: Database): Promise<WithRecord> {
  const messageId = message.replace(/^<(.*)>$/, "$1")
  const envelopeIds = /^\d{1,15}$/.test(message) ? [Number(message)] : (await createStoryStore({ database }).byMessageId(messageId, maxAcceptances)).map(({ envelopeId }) => envelopeId)
  let known = false
  for (const envelopeId of envelopeIds) {
    const stored = await evidence.ofEnvelope(envelopeId)
    if (hasRecord(stored)) return stored
    known ||= stored !== undefined
  }
  throw new CommandError(known ? `${message} was accepted without a signature: there is no evidence` : `there is no message ${message}`)
}

async function documentsOf({ documents }: StoredEvidence, database: Database): Promise<EvidenceBundle["documents"]> {
  const revocations = createRevocationStore({ database })
  const found: [string, { readonly kind: "crl" | "ocsp"; readonly der: string }][] = []
  for (const { sha256, kind } of documents) {
    const der = await revocations.read(sha256)
    if (der) found.push([sha256, { kind, der: Buffer.from(der).toString("base64") }])
  }
  return Object.fromEntries(found)
}

async function contentBytes(config: Config, database: Database, ref: ContentRef): Promise<Buffer> {
  // a key that is made now could open nothing
  const key = await readKey(config.store.keyFile ? pathOr(config, config.store.keyFile, "") : join(config.dataDir, "keys", "content.key"))
  const { log } = openLog({ level: "error", name: "command" })
  const blobs = createFileBlobs(pathOr(config, config.store.blobDir, "blobs"))
  const contents: Pick<ContentStore, "read"> = createContentStore({ database, blobs, sealer: createSealer(key), inlineBytes: config.store.inlineBytes, log })
  const chunks: Uint8Array[] = []
  for await (const chunk of contents.read(ref)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
