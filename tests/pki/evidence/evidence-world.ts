import { hash } from "node:crypto"
import type { EvidenceBundle } from "../../../src/pki/evidence/bundle.ts"
import { parseRecord } from "../../../src/pki/evidence/bundle.ts"
import { type EvidenceInput, freezeEvidence, type FrozenEvidence } from "../../../src/pki/evidence/evidence-record.ts"
import type { OfflineTrust } from "../../../src/pki/evidence/offline-statuses.ts"
import { keyPurpose } from "../../../src/pki/key-purpose.ts"
import { createAllowedUrls } from "../../../src/pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../../../src/pki/revocation/http-fetch.ts"
import type { RevocationStore } from "../../../src/pki/revocation/revocation-store.ts"
import { keyObjectKey } from "../../../src/pki/sign/key-object-key.ts"
import { createTimestampClient } from "../../../src/pki/sign/timestamp-client.ts"
import type { CertificateStatus } from "../../../src/pki/signature-facts.ts"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { readTimestampToken } from "../../../src/pki/timestamp-token.ts"
import { createRevocationStore } from "../../../src/store/sql/revocations.ts"
import type { BareSigner } from "../../support/bare-signature.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"
import { certificateOf, createSmimeWorld, signing, type SmimeWorld, timeStamping } from "../../support/smime-world.ts"
import { unwrap } from "../../support/store.ts"
import { signed } from "../sign/signing-world.ts"

/** Signed messages, and what is frozen of them as intake would, on the development authority with its servers. */
export interface EvidenceWorld {
  readonly smime: SmimeWorld
  readonly database: TestDatabase
  readonly revocations: RevocationStore
  readonly trust: OfflineTrust
  freeze(options?: FreezeOptions): Promise<Frozen>
  bundle(frozen: Frozen): Promise<EvidenceBundle>
  close(): Promise<void>
}

export interface FreezeOptions {
  readonly stamped?: boolean
  /** Makes the message in another way than this server. */
  readonly sign?: (signer: BareSigner) => Promise<Buffer>
  readonly change?: (input: EvidenceInput) => EvidenceInput
  /** Between signing and freezing, such as a revocation. */
  readonly before?: (serialNumber: string) => void
}

export interface Frozen {
  readonly message: Buffer
  readonly evidence: FrozenEvidence
  readonly serialNumber: string
}

export const letter = "From: motcua@sonv.tinh.example\r\nTo: dan@ngoai.example\r\nSubject: x\r\nMessage-ID: <1@sonv.tinh.example>\r\n\r\nKinh gui\r\n"

export async function openEvidenceWorld(database?: TestDatabase): Promise<EvidenceWorld> {
  const smime = await createSmimeWorld()
  const own = database ?? (await createTestDatabase())
  const revocations = createRevocationStore({ database: own })
  const fetch = createRevocationFetch({ allowed: createAllowedUrls([smime.server.origin]), timeoutMs: 5_000, restMs: 30_000, clock: smime.clock })
  const client = createTimestampClient({ fetch, url: smime.server.urls.tsa, clock: smime.clock })
  const statusesFor = (purpose: typeof signing) =>
    smime.statuses(purpose, smime.checker(revocations, { lists: [smime.server.urls.rootCrl, smime.server.urls.crl] }))
  const statuses = { signing: statusesFor(signing), stamping: statusesFor(timeStamping) }

  return {
    smime, database: own, revocations,
    trust: {
      anchors: new Set([smime.ca.root.certificate.fingerprint]), extendedKeyUsages: [keyPurpose.emailProtection],
      algorithms: { minRsaBits: 2_048, curves: ["P-256", "P-384", "P-521"], digests: ["sha256", "sha384", "sha512"], ed25519: true },
    },
    async freeze({ stamped = false, sign, change = (input: EvidenceInput) => input, before = () => undefined } = {}) {
      const { certificateDer, privateKey } = smime.ca.issue({ subject: { commonName: "Một cửa Sở Nội vụ" }, crlUrls: [smime.server.urls.crl] })
      const certificate = certificateOf(certificateDer)
      const key = keyObjectKey({ name: "mot-cua", privateKey, chain: [certificate, smime.ca.intermediate.certificate] })
      const acceptedAt = smime.clock.now()
      const message = sign ? await sign({ certificateDer, privateKey }) : await signed(letter, { key, signingTime: acceptedAt, ...(stamped && { stamp: async (signature: Uint8Array) => unwrap(asDetail(await client.stamp(signature))) }) })
      const signature = await verifyMessageSignature({ ...bytesSource(message), certificates: [certificateDer] }, { clock: smime.clock })
      before(certificate.serialNumber)
      const all: CertificateStatus[] = [await statuses.signing.of({ certificate, pool: [], at: acceptedAt })]
      for (const token of signature.signers.flatMap((signer) => signer.timestamps)) {
        all.push(await statuses.stamping.of({ certificate: readTimestampToken(Buffer.from(token, "base64")).signer, pool: [], at: acceptedAt }))
      }
      const problems = all[0]?.problems ?? []
      const input: EvidenceInput = {
        content: { sha256: hash("sha256", message), size: message.length }, acceptedAt, signature, statuses: all,
        facts: {
          status: problems.length === 0 ? "valid" : "invalid", problems, form: signature.form, headerProtection: signature.headerProtection, timestamped: stamped,
          signers: [{
            fingerprint: certificate.fingerprint, subject: certificate.subject.text, issuer: certificate.issuer.text, serialNumber: certificate.serialNumber, signingTime: acceptedAt, provenTime: null,
            holder: { principalId: "TC001", kind: "organization", name: "Sở Nội vụ" }, notAfter: certificate.notAfter, digestAlgorithm: "sha256", signatureAlgorithm: "ecdsa", problems,
          }],
        },
        decision: { verdict: "accept", ruleId: "signed.organization", policyVersion: "7", reasonVi: "", reasonEn: "" }, software: "congthu 0.1.0",
      }
      return { message, evidence: freezeEvidence(change(input)), serialNumber: certificate.serialNumber }
    },
    async bundle({ message, evidence }) {
      const documents = await Promise.all(evidence.documents.map(async (sha256) => [sha256, { kind: "crl" as const, der: Buffer.from((await revocations.read(sha256)) ?? []).toString("base64") }] as const))
      return {
        format: "congthu-evidence/1", envelope: { id: 1, messageId: "1@sonv.tinh.example", reversePath: "motcua@sonv.tinh.example", source: "submission", acceptedAt: smime.clock.now(), recipients: ["dan@ngoai.example"] },
        record: parseRecord(evidence.record), certificates: Object.fromEntries(evidence.certificates.map(({ sha256, der }) => [sha256, Buffer.from(der).toString("base64")])),
        documents: Object.fromEntries(documents), message: message.toString("base64"),
      }
    },
    async close() {
      fetch.close()
      await smime.close()
      if (!database) await own.drop()
    },
  }
}

export const asDetail = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: string }) => (result.ok ? result : { ok: false as const, failure: { detail: result.failure } })
