import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { signatureFactsOf } from "../accounts/signature-facts-of.ts"
import type { Directory } from "../accounts/directory.ts"
import { systemClock } from "../base/clock.ts"
import { openLog } from "../base/log.ts"
import { ok } from "../base/result.ts"
import { createSignatureReader } from "../intake/signature-reader.ts"
import { ContentScanner } from "../mail/content-scanner.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import { bytesSource } from "../pki/smime/message-source.ts"
import { verifyMessageSignature } from "../pki/smime/verify-message-signature.ts"
import { createPathValidator } from "../pki/validate-path.ts"
import { registeredCertificates } from "../roles/registered-certificates.ts"
import { createRevocation } from "../roles/revocation.ts"
import { openTrust } from "../roles/trust.ts"
import type { ChangeFeed } from "../store/change-feed.ts"
import { assumedSignature } from "./assumed-signature.ts"
import { CommandError, type CommandContext } from "./context.ts"

export interface SignatureQuestion {
  readonly file: string
  readonly directory: Directory
  /** ms; certificates are judged for this moment. */
  readonly at: number
  readonly bindByAddress: boolean
}

const maxMessageBytes = 100 * 1024 * 1024

/** What the system would find out about the signature of a message in a file, trust and revocation included. */
export async function findSignature({ file, directory, at, bindByAddress }: SignatureQuestion, { config, database }: CommandContext): Promise<SignatureFacts> {
  // a file of this machine may have its own line ends; in the mail they are CRLF
  const bytes = Buffer.from((await readFile(file)).toString("latin1").replace(/\r?\n/g, "\r\n"), "latin1")
  if (bytes.length > maxMessageBytes) throw new CommandError(`${file} is larger than ${maxMessageBytes} bytes`)
  const scanner = new ContentScanner({ searchText: false })
  scanner.push(bytes)
  const scanned = scanner.finish()
  const trust = await openTrust(config, systemClock)
  const paths = createPathValidator(trust.settings)
  const { log } = openLog({ level: "error", name: "command" })
  const revocation = createRevocation({
    database, feed: nobodyListens, config: { ...config.pki, revocation: { ...config.pki.revocation, lists: [...trust.lists] } }, paths: () => paths, recorded: () => undefined, clock: systemClock, log,
  })
  try {
    const reader = createSignatureReader({ pool: { verify: async (message) => ok(await verifyMessageSignature(message, { clock: systemClock })) }, ...revocation, registered: registeredCertificates(database, () => directory) })
    const evidence = await reader.read({ sha256: createHash("sha256").update(bytes).digest(), size: bytes.length, read: bytesSource(bytes).read, scanned }, at)
    if (!evidence.ok) throw new CommandError(`the signature cannot be verified now: ${evidence.failure.detail}`)
    return evidence.value ? signatureFactsOf(evidence.value, { directory, now: at, addressBinding: bindByAddress }) : assumedSignature("missing")
  } finally {
    await revocation.close()
  }
}

const nobodyListens: ChangeFeed = { publish: () => undefined, subscribe: () => () => undefined, close: async () => undefined }
