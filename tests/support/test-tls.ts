import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock } from "../../src/base/clock.ts"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"
import { type PairPem, readPair } from "../../src/tls/certificate-pair.ts"
import { type ChangingTls, createListenerTls } from "../../src/tls/listener-tls.ts"

/** A server certificate for `names`, its key, and the authority that vouches for it (all PEM). */
export async function testTls(...names: readonly string[]): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-tls-"))
  try {
    const files = await ensureDevelopmentCertificates({ dir, names, clock: systemClock })
    const [ca, cert, key] = await Promise.all([files.caFile, files.certificateFile, files.keyFile].map((file) => readFile(file, "utf8")))
    return { ca: ca ?? "", cert: cert ?? "", key: key ?? "" }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** What a listener serves with this certificate. */
export function served(pem: PairPem): ChangingTls {
  const pair = readPair(pem)
  if (!pair.ok) throw new Error(pair.failure)
  return createListenerTls({ pairs: [pair.value] }, { service: "test" })
}
