import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../certificate.ts"
import { listSigning } from "../path-rules.ts"
import type { PathValidator } from "../validate-path.ts"

/** A certificate that is asked about. */
export interface Subject {
  readonly certificate: Certificate
  /** The rest of its path: its issuer first, the anchor last. Never empty. */
  readonly above: readonly [Certificate, ...Certificate[]]
}

/** A good path's certificates, each with the rest of it; none for the anchor. */
export function subjectsOf(chain: readonly Certificate[]): readonly Subject[] {
  return chain.flatMap((certificate, at) => {
    const [issuer, ...rest] = chain.slice(at + 1)
    return issuer ? [{ certificate, above: [issuer, ...rest] as const }] : []
  })
}

/**
 * Who may have signed the lists that speak of a certificate (RFC 5280 §6.3.3 (f)): those of its own path, or another whose path leads to the same anchor,
 * an authority's other key or the maker of indirect lists. Such a one must be configured (`pki.intermediateFiles`): what came with a message is not asked.
 */
export interface ListSigners {
  /** With this name (DER). */
  of(subject: Subject, lister: Uint8Array): readonly Certificate[]
  /**
   * What must not be revoked for `signer` to be believed about the certificate; empty for one of its own path. Undefined: it is not to be believed at all,
   * for it has no path, or one that leads over the very key that is in question.
   */
  backing(signer: Certificate, subject: Subject): readonly Subject[] | undefined
}

export function createListSigners({ paths, clock }: { readonly paths: () => PathValidator; readonly clock: Clock }): ListSigners {
  const pathOf = (signer: Certificate, { above }: Subject): readonly Certificate[] | undefined => {
    const { problems, chain } = paths().validate({ certificate: signer, intermediates: above, purpose: listSigning, at: clock.now(), anchor: above.at(-1)?.fingerprint ?? "" })
    return problems.length === 0 && chain.length > 0 ? chain : undefined
  }
  return {
    of(subject, lister) {
      const isNamed = ({ subject: { der } }: Certificate): boolean => Buffer.compare(der, lister) === 0
      const others = paths().known.filter((one) => isNamed(one) && !isAmong(subject.above, one) && pathOf(one, subject) !== undefined)
      return [...subject.above.filter(isNamed), ...others]
    },
    backing: (signer, subject) => (isAmong(subject.above, signer) ? [] : backingOf(pathOf(signer, subject), subject)),
  }
}

/** Those of the certificate's own path are asked about anyway. */
export const backingOf = (path: readonly Certificate[] | undefined, { certificate, above }: Subject): readonly Subject[] | undefined =>
  path?.some(({ publicKeyInfo }) => Buffer.compare(publicKeyInfo, certificate.publicKeyInfo) === 0) ? undefined : path && subjectsOf(path).filter((one) => !isAmong(above, one.certificate))

const isAmong = (certificates: readonly Certificate[], { fingerprint }: Certificate): boolean => certificates.some((one) => one.fingerprint === fingerprint)
