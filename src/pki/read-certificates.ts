import { failed, ok, type Result } from "../base/result.ts"
import type { Certificate } from "./certificate.ts"
import { type CertificateFailure, parseCertificate } from "./parse-certificate.ts"
export function readCertificates(bytes: Uint8Array): Result<readonly Certificate[], CertificateFailure> {
  const texts = Buffer.from(bytes).toString("latin1").match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  const ders = texts ? texts.map((text) => Buffer.from(text.replace(/-----[A-Z ]*-----/g, ""), "base64")) : [bytes]
  const out: Certificate[] = []
  for (const der of ders) {
    const one = parseCertificate(der)
    if (!one.ok) return failed(one.failure)
    out.push(one.value)
  }
  return ok(out)
}
