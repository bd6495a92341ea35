import { type Request, type Response, Router } from "express"
import type { Authenticator } from "../accounts/login.ts"
import { clientNetwork } from "../accounts/login-throttle.ts"
import type { CertificateLookup } from "../addressbook/certificate-lookup.ts"
import type { FailureKind } from "../mail/failure.ts"
import { certificatesOnly } from "../pki/certificates-only.ts"
import { pem } from "../pki/write-certificate.ts"
import { basicCredentials } from "./basic-auth.ts"
import type { LookupRates } from "./lookup-rates.ts"
import { certificateText } from "./text/vi.ts"

/**
 * Recipients' certificates over HTTPS for those who have an account here: `/certificates/ADDRESS`, and `/certificates/search?email=ADDRESS`
 * as RFC 4387 §3 has it. Signed in by HTTP Basic with a password or an app password. Whatever the reason that nothing is found, the
 * answer is the same. Must not know: where certificates are kept.
 */
export interface CertificateRoutes {
  readonly authenticator: Authenticator
  readonly lookup: CertificateLookup
  readonly rates: LookupRates
  /** Requests of one client network, whoever it says it is: a password costs us more to look at than to send. */
  readonly askers: LookupRates
}

const asPem = (certificates: readonly Uint8Array[]): Buffer => Buffer.from(certificates.map((der) => pem("CERTIFICATE", der)).join(""))

/** By preference: the first is what a client gets that does not say. */
const forms: Readonly<Record<string, { readonly extension: string; readonly write: (certificates: readonly Uint8Array[]) => Buffer }>> = {
  // RFC 8551 §3.8
  "application/pkcs7-mime": { extension: "p7c", write: certificatesOnly },
  // RFC 8555 §9.1
  "application/pem-certificate-chain": { extension: "pem", write: asPem },
  "application/x-pem-file": { extension: "pem", write: asPem },
  // RFC 2585 §4.1 has room for one: the one that lasts longest
  "application/pkix-cert": { extension: "cer", write: ([first]) => Buffer.from(first ?? []) },
}

const statusOf: Readonly<Partial<Record<FailureKind, number>>> = { notFound: 404, limit: 429, unavailable: 503, noPermission: 401 }
const retrySeconds = 30
const maxAgeSeconds = 300

export function certificateRoutes({ authenticator, lookup, rates, askers }: CertificateRoutes): Router {
  const router = Router()
  router.get("/search", (request, response) => answer(request, response, typeof request.query["email"] === "string" ? request.query["email"] : ""))
  router.get("/:address", (request, response) => answer(request, response, request.params.address))

  async function answer(request: Request, response: Response, address: string): Promise<void> {
    response.set({ "cache-control": "no-store", vary: "Authorization, Accept" })
    const credentials = basicCredentials(request.headers.authorization)
    if (!credentials) return refuse(response, 401)
    const clientAddress = request.socket.remoteAddress ?? ""
    const askedTooMuch = await askers.take(clientNetwork(clientAddress))
    if (askedTooMuch > 0) return refuse(response, 429, askedTooMuch)
    const login = await authenticator.login({ ...credentials, clientAddress, service: "console" })
    if (!login.ok) return refuse(response, statusOf[login.failure.kind] ?? 503)
    if (login.value.via === "oneTime") return refuse(response, 401)
    const waitSeconds = await rates.take(login.value.accountId)
    if (waitSeconds > 0) return refuse(response, 429, waitSeconds)
    const type = request.accepts(Object.keys(forms)) || ""
    const form = forms[type]
    if (!form) return refuse(response, 406)
    const found = await lookup.find(address)
    if (!found.ok) return refuse(response, statusOf[found.failure.kind] ?? 503)
    response
      .set({
        // a colleague's certificate may be revoked tomorrow, and one reader's answer is not another's to see
        "cache-control": `private, max-age=${maxAgeSeconds}`,
        "content-type": type === "application/pkcs7-mime" ? `${type}; smime-type=certs-only` : type,
        "content-disposition": `attachment; filename="certificates.${form.extension}"`,
      })
      .send(form.write(found.value))
  }
  return router
}

function refuse(response: Response, status: number, waitSeconds = retrySeconds): void {
  // RFC 7617 §2.1
  if (status === 401) response.set("www-authenticate", 'Basic realm="Cong Thu", charset="UTF-8"')
  if (status === 429 || status === 503) response.set("retry-after", String(waitSeconds))
  response.status(status).type("text").send(`${certificateText[status] ?? certificateText[503]}\n`)
}
