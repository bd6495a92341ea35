import { createHash } from "node:crypto"
import type { Logger } from "pino"
import { signatureFactsOf } from "../accounts/signature-facts-of.ts"
import type { Directory } from "../accounts/directory.ts"
import type { Clock } from "../base/clock.ts"
import { failed, ok, type Result } from "../base/result.ts"
import type { Config } from "../config/schema.ts"
import { createSignatureReader } from "../intake/signature-reader.ts"
import { ContentScanner } from "../mail/content-scanner.ts"
import { noSignature } from "../pki/assumed-signature.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import { bytesSource } from "../pki/smime/message-source.ts"
import { verifyMessageSignature } from "../pki/smime/verify-message-signature.ts"
import { createPathValidator } from "../pki/validate-path.ts"
import type { ChangeFeed } from "../store/change-feed.ts"
import type { Database } from "../store/sql/database.ts"
import { registeredCertificates } from "./registered-certificates.ts"
import { createRevocation } from "./revocation.ts"
import { openTrust } from "./trust.ts"

export interface SignatureQuestion {
  readonly bytes: Uint8Array
  readonly directory: Directory
  /** ms; certificates are judged for this moment. */
  readonly at: number
  readonly bindByAddress: boolean
}

export interface SignatureMeans {
  readonly config: Config
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
}

/** What the system would find out about the signature of a message that nobody sent, trust and revocation included. Fails with why it cannot be verified now. */
export async function findSignature({ bytes: given, directory, at, bindByAddress }: SignatureQuestion, { config, database, clock, log }: SignatureMeans): Promise<Result<SignatureFacts, string>> {
  // a file of some machine may have its own line ends; in the mail they are CRLF
  const bytes = Buffer.from(Buffer.from(given).toString("latin1").replace(/\r?\n/g, "\r\n"), "latin1")
  const scanner = new ContentScanner({ searchText: false })
  scanner.push(bytes)
  const scanned = scanner.finish()
  const trust = await openTrust(config, clock)
  const paths = createPathValidator(trust.settings)
  const revocation = createRevocation({
    database, feed: nobodyListens, config: { ...config.pki, revocation: { ...config.pki.revocation, lists: [...trust.lists] } }, paths: () => paths, recorded: () => undefined, clock, log,
  })
  try {
    const reader = createSignatureReader({ pool: { verify: async (message) => ok(await verifyMessageSignature(message, { clock })) }, ...revocation, registered: registeredCertificates(database, () => directory) })
    const evidence = await reader.read({ sha256: createHash("sha256").update(bytes).digest(), size: bytes.length, read: bytesSource(bytes).read, scanned }, at)
    if (!evidence.ok) return failed(evidence.failure.detail)
    return ok(evidence.value ? signatureFactsOf(evidence.value, { directory, now: at, addressBinding: bindByAddress }) : noSignature)
  } finally {
    await revocation.close()
  }
}

const nobodyListens: ChangeFeed = { publish: () => undefined, subscribe: () => () => undefined, close: async () => undefined }
