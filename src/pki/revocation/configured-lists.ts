import { open } from "node:fs/promises"
import { failed, ok, type Result } from "../../base/result.ts"
import { maxCrlBytes, readCrl } from "./crl.ts"

/**
 * CRLs that an administrator named (`pki.revocation.lists`): by URL, or as files on machines without a way to the internet, where lists are
 * carried in by hand. Whose they are is seen when they are read, and remembered, so that no list is asked about other authorities.
 */
export interface ConfiguredLists {
  /** Those that are this lister's (DER of the name) or not yet known to be another's. */
  of(lister: Uint8Array): readonly string[]
  /** Those of them that are deltas or have not been read yet. */
  deltasOf(lister: Uint8Array): readonly string[]
  noteIssuer(list: string, der: Uint8Array): void
}

export function createConfiguredLists(lists: readonly string[]): ConfiguredLists {
  const known = new Map<string, { readonly issuer: string; readonly isDelta: boolean }>()
  const nameOf = (der: Uint8Array): string => Buffer.from(der).toString("base64")
  const of = (lister: Uint8Array): readonly string[] => {
    const wanted = nameOf(lister)
    return lists.filter((list) => (known.get(list)?.issuer ?? wanted) === wanted)
  }
  return {
    of,
    deltasOf: (lister) => of(lister).filter((list) => known.get(list)?.isDelta ?? true),
    noteIssuer(list, der) {
      const crl = lists.includes(list) ? readCrl(der) : undefined
      if (crl?.ok) known.set(list, { issuer: nameOf(crl.value.issuerDer), isDelta: crl.value.base !== null })
    },
  }
}

export const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)

const pemMark = "-----BEGIN X509 CRL-----"
/** Decoding more would take more than a turn on the event loop. */
const maxPemBytes = 4 * 1024 * 1024

/** DER of a list in DER or PEM. Failure: a phrase after the path. */
export async function readListFile(path: string): Promise<Result<Uint8Array, string>> {
  try {
    await using file = await open(path)
    if ((await file.stat()).size > maxCrlBytes) return failed(`is larger than ${maxCrlBytes} bytes`)
    const bytes = await file.readFile()
    if (!bytes.subarray(0, pemMark.length).equals(Buffer.from(pemMark))) return ok(bytes)
    if (bytes.length > maxPemBytes) return failed(`is PEM of more than ${maxPemBytes} bytes: give it as DER`)
    return ok(Buffer.from(bytes.toString("latin1").replace(/-----[^-]+-----/g, ""), "base64"))
  } catch (error) {
    return failed(`cannot be read (${error instanceof Error ? error.message : String(error)})`)
  }
}
