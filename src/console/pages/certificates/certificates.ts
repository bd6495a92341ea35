import type { DirectorySource } from "../../../accounts/directory.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Certificate } from "../../../pki/certificate.ts"
import type { CertificateStatus } from "../../../pki/signature-facts.ts"
import type { CertificateDesk } from "../../../store/certificate-desk.ts"
import { certificateText } from "../../text/certificates.ts"
import type { Area } from "../../web/page.ts"
import { addPages } from "./add.ts"
import { changePages } from "./change.ts"
import { detailPages } from "./detail.ts"
import { certificateListPages } from "./list.ts"

/** The registry of signing certificates. */
export interface CertificatePorts {
  readonly registry: CertificateDesk
  readonly directory: DirectorySource
  /** Its path to an anchor, and what its issuer says; undefined where it cannot be asked now. */
  readonly statusOf: (certificate: Certificate) => Promise<CertificateStatus | undefined>
  /** Tells other processes that the directory has moved. */
  readonly announce: (version: number) => void
  readonly nameOf: (by: string) => string
  readonly clock: Clock
}

export const certificateArea = (ports: CertificatePorts): Area => ({
  group: "trust",
  menu: [{ path: "/certificates", label: certificateText.title, who: "certificates:read" }],
  pages: [...certificateListPages(ports), ...addPages(ports), ...changePages(ports), ...detailPages(ports)],
})
