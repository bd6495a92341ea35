import { X509Certificate } from "node:crypto"
import type { Certificate } from "../certificate.ts"

/** Deeper hierarchies do not occur, and a file with a loop in it must end. */
const maxChain = 10

/** `certificate` and whoever issued it, as far as `others` go; a self-signed one is left out unless it is the certificate itself. */
export function chainOf(certificate: Certificate, others: readonly Certificate[]): readonly Certificate[] {
  const chain = [certificate]
  for (let last = certificate; chain.length < maxChain; ) {
    const below = new X509Certificate(last.der)
    const issuer = others.find((other) => !chain.includes(other) && !isSelfIssued(other) && issued(new X509Certificate(other.der), below))
    if (!issuer) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

const isSelfIssued = ({ subject, issuer }: Certificate): boolean => Buffer.compare(subject.der, issuer.der) === 0

const issued = (issuer: X509Certificate, below: X509Certificate): boolean => below.checkIssued(issuer) && below.verify(issuer.publicKey)
