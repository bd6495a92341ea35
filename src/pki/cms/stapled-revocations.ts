import type { StapledRevocation } from "../signature-facts.ts"
import { oid } from "../der.ts"
import { cmsLimits } from "./cms-limits.ts"
import { partsOf } from "./der-encoding.ts"
import { oids } from "./oid.ts"
import type { SignedDataFrame } from "./signed-data.ts"

const sequenceTag = 0x30
const otherTag = 0xa1
const ocspResponse = oid(oids.ocspResponse)

/** CRLs (RFC 5652 §10.2.1) and OCSP responses (RFC 5940 §2) that came along; other formats are left out. Throws `CmsError`. */
export const stapledRevocations = (frame: SignedDataFrame): StapledRevocation[] =>
  frame.revocations.flatMap((choice): StapledRevocation[] => {
    if (choice[0] === sequenceTag) return [{ kind: "crl", der: choice.toString("base64") }]
    if (choice[0] !== otherTag) return []
    const [format, info] = partsOf(choice, cmsLimits.maxDepth)
    return format?.equals(ocspResponse) && info ? [{ kind: "ocsp", der: info.toString("base64") }] : []
  })
