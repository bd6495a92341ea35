import { createSecureContext, type SecureContext } from "node:tls"
import { contextPrimitive } from "../../src/pki/der.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { authorityInfoAccess, subjectAltName } from "../../src/pki/write-extensions.ts"
import { authorityOf, holderOf, type Issued } from "./test-pki.ts"

/** Certificates of TLS servers as they are found in the world: with intermediates, expired, for other names. */
const day = 86_400_000
const now = Date.now()

export const tlsAuthority = (name: string, by?: Issued): Issued => authorityOf({ name, from: now - 30 * day, to: now + 30 * day, ...(by && { by }) })

export interface TlsIdentity {
  readonly issued: Issued
  /** PEM; the chain without its root unless it is given. */
  readonly cert: string
  readonly key: string
}

export interface IdentityShape {
  readonly names: readonly string[]
  readonly by: Issued
  /** Sent after it. */
  readonly chain?: readonly Issued[]
  readonly expired?: boolean
  readonly ocspUrl?: string
}

export function tlsIdentity({ names, by, chain = [], expired = false, ocspUrl }: IdentityShape): TlsIdentity {
  const issued = holderOf({
    name: names[0] ?? "nobody",
    by,
    from: now - 10 * day,
    to: expired ? now - day : now + 10 * day,
    purposes: [keyPurpose.serverAuth],
    extensions: [subjectAltName(names.map((name) => contextPrimitive(2, Buffer.from(name, "latin1")))), ...(ocspUrl === undefined ? [] : [authorityInfoAccess({ ocsp: [ocspUrl], issuer: [] })])],
  })
  return { issued, cert: [issued, ...chain].map(pemOf).join(""), key: issued.privateKey.export({ type: "pkcs8", format: "pem" }).toString() }
}

export const pemOf = ({ certificate }: Issued): string => pem("CERTIFICATE", certificate.der)

export const contextOf = (identity: TlsIdentity): SecureContext => createSecureContext({ cert: identity.cert, key: identity.key })
