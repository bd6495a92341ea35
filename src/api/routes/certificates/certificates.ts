import { z } from "zod"
import type { DirectorySource } from "../../../accounts/directory.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Certificate } from "../../../pki/certificate.ts"
import { parseCertificate } from "../../../pki/parse-certificate.ts"
import type { CertificateStatus } from "../../../pki/signature-facts.ts"
import { pem } from "../../../pki/write-certificate.ts"
import type { CertificateDesk, DeskCertificate } from "../../../store/certificate-desk.ts"
import type { CertificateDetail } from "../../../store/certificate-registry.ts"
import { certificateAnswer, certificatesAnswer, certificateStates, certificateStatusAnswer } from "../../answers/certificates.ts"
import { cursor, limit, shownTime, time } from "../../fields.ts"
import { answered, refused, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"

/** The registry of signing certificates over HTTP, to be looked at; a certificate belongs where its holder does. */
export interface CertificateRoutesParts {
  readonly registry: CertificateDesk
  readonly directory: DirectorySource
  /** Its path to an anchor, and what its issuer says; undefined where it cannot be asked now. */
  readonly statusOf: (certificate: Certificate) => Promise<CertificateStatus | undefined>
  /** Tells other processes that the directory has moved. */
  readonly announce: (version: number) => void
  readonly clock: Clock
}

export const fingerprint = z.string().regex(/^[0-9a-f]{64}$/, "is no SHA-256 in small hexadecimal")

const filter = { state: z.enum(certificateStates).optional(), unit: z.string().max(64).describe("Code; those below it count as well.").optional(), text: z.string().trim().min(1).max(200).optional(), endsAfter: time.optional(), endsBefore: time.optional() }

export const shownListed = ({ fingerprint: print, subject, principalId, holderName, unitCode, unitName, use, state, notBefore, notAfter, accounts }: DeskCertificate) => ({
  fingerprint: print, subject, principalId, holderName, unitCode, unitName, use, state, notBefore: shownTime(notBefore), notAfter: shownTime(notAfter), accounts,
})

export const shownCertificate = (found: CertificateDetail & DeskCertificate) => {
  const { issuer, serialNumber, addresses, from, until, stateReason, stateAt, stateBy, source, addedAt } = found
  return { ...shownListed(found), issuer, serialNumber, addresses, from, until, stateReason, stateAt: shownTime(stateAt), stateBy, source, addedAt: shownTime(addedAt) }
}

export const certificateRoutes = ({ registry, statusOf }: CertificateRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/certificates", scope: "certificates:read", summary: "Certificates that fit all of the filters, the next to end first.", input: z.strictObject({ ...filter, cursor, limit: limit(500, 100) }), output: certificatesAnswer,
    async run({ cursor: offset, limit: most, ...wanted }, caller) {
      const { rows, total } = await registry.list(scopeOfToken(caller, "certificates:read"), filterOf(wanted), { limit: most, offset })
      return answered({ certificates: rows.map(shownListed), total, next: offset + rows.length < total && rows.length > 0 ? offset + rows.length : null })
    },
  }),
  route({
    method: "get", path: "/certificates/:fingerprint", scope: "certificates:read", summary: "One certificate: what it says, and for whom it speaks.", input: z.strictObject({ fingerprint }), output: certificateAnswer,
    async run({ fingerprint: print }, caller) {
      const found = await registry.find(scopeOfToken(caller, "certificates:read"), print)
      return found ? answered(shownCertificate(found)) : refused({ kind: "notFound" })
    },
  }),
  route({
    method: "get", path: "/certificates/:fingerprint/status", scope: "certificates:read", summary: "Its path to a trust anchor, and what its issuer says of it now.", input: z.strictObject({ fingerprint }), output: certificateStatusAnswer,
    async run({ fingerprint: print }, caller) {
      const found = await registry.find(scopeOfToken(caller, "certificates:read"), print)
      if (!found) return refused({ kind: "notFound" })
      const parsed = parseCertificate(found.der)
      const status = parsed.ok ? await statusOf(parsed.value) : undefined
      return answered({ status: status === undefined ? null : shownStatus(status) })
    },
  }),
  route({
    method: "get", path: "/certificates/:fingerprint/file", scope: "certificates:read", summary: "The certificate itself: `der` (RFC 2585 §4.1) or `pem` (RFC 7468).", input: z.strictObject({ fingerprint, form: z.enum(["pem", "der"]).default("pem") }),
    output: z.string(), givesFile: ["application/pem-certificate-chain", "application/pkix-cert"],
    async run({ fingerprint: print, form }, caller) {
      const found = await registry.find(scopeOfToken(caller, "certificates:read"), print)
      if (!found) return refused({ kind: "notFound" })
      const name = `${print.slice(0, 16)}.${form === "pem" ? "pem" : "cer"}`
      return form === "pem" ? { kind: "file", name, type: "application/pem-certificate-chain", content: Buffer.from(pem("CERTIFICATE", found.der)) } : { kind: "file", name, type: "application/pkix-cert", content: Buffer.from(found.der) }
    },
  }),
]

type Filters = z.output<z.ZodObject<typeof filter>>

const filterOf = ({ state, unit, text, endsAfter, endsBefore }: Filters): Parameters<CertificateDesk["list"]>[1] => ({
  ...(state !== undefined && { state }), ...(unit !== undefined && { unit }), ...(text !== undefined && { text }), ...(endsAfter !== undefined && { endsAfter }), ...(endsBefore !== undefined && { endsBefore }),
})

const shownStatus = ({ problems, chain, anchor, revocation }: CertificateStatus) => ({
  problems, chain, anchor,
  revocation: revocation.map(({ producedAt, nextUpdate, revokedAt, evidence: _evidence, ...rest }) => ({ ...rest, producedAt: shownTime(producedAt), nextUpdate: shownTime(nextUpdate), revokedAt: shownTime(revokedAt) })),
})
