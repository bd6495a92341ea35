import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { failed, type Result } from "../base/result.ts"
import { type CertificatePair, readPair } from "./certificate-pair.ts"

/**
 * Certificates as files that somebody renews. Read again when told to; each pair by itself: one that cannot be used leaves what it was in force, and is
 * complained of once. Must not know: when it is read, who serves with it.
 */
export interface PairFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

export interface CertificateFiles {
  readonly pairs: readonly CertificatePair[]
  /** One sentence for each pair that could not be renewed. */
  readonly problems: readonly string[]
  /** Reads again; true when pairs are other ones than before. */
  reload(): Promise<boolean>
}

export interface CertificateFilesLog {
  renewed(event: { readonly file: string; readonly names: readonly string[]; readonly endsAt: string }): void
  refused(event: { readonly file: string; readonly reason: string }): void
}

interface Slot {
  readonly files: PairFiles
  pair: CertificatePair
  /** What the files held when last looked at, good or bad. */
  seen: string
  problem: string | null
}

const maxFileBytes = 1024 * 1024

/** Throws with one sentence when a pair cannot be used: a server does not start without what it was told to serve. */
export async function openCertificateFiles(files: readonly PairFiles[], log: CertificateFilesLog): Promise<CertificateFiles> {
  const slots: Slot[] = await Promise.all(
    files.map(async (one) => {
      const { pair, seen } = await read(one)
      if (!pair.ok) throw new Error(`${one.certificateFile}: ${pair.failure}`)
      return { files: one, pair: pair.value, seen, problem: null }
    }),
  )
  return {
    get pairs() {
      return slots.map(({ pair }) => pair)
    },
    get problems() {
      return slots.flatMap(({ problem }) => problem ?? [])
    },
    async reload() {
      const changed = await Promise.all(slots.map((slot) => renew(slot, log)))
      return changed.includes(true)
    },
  }
}

async function renew(slot: Slot, log: CertificateFilesLog): Promise<boolean> {
  const { pair, seen } = await read(slot.files)
  if (seen === slot.seen) return false
  slot.seen = seen
  const file = slot.files.certificateFile
  if (!pair.ok) {
    slot.problem = `${file}: ${pair.failure}`
    log.refused({ file, reason: pair.failure })
    return false
  }
  slot.problem = null
  slot.pair = pair.value
  log.renewed({ file, names: pair.value.names, endsAt: new Date(pair.value.notAfter).toISOString() })
  return true
}

async function read({ certificateFile, keyFile }: PairFiles): Promise<{ readonly pair: Result<CertificatePair, string>; readonly seen: string }> {
  try {
    const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)])
    const seen = createHash("sha256").update(cert).update("\0").update(key).digest("hex")
    if (cert.length > maxFileBytes || key.length > maxFileBytes) return { pair: failed("the file is larger than 1 MiB"), seen }
    return { pair: readPair({ cert, key }), seen }
  } catch (error) {
    const reason = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    return { pair: failed(reason), seen: reason }
  }
}
