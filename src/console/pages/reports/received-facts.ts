import { reportText as text } from "../../text/reports.ts"
import type { Html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"

/** Who made a report of others. */
export interface ReceivedHead {
  readonly organization: string
  /** Whose mail it came with; empty: nobody asked. */
  readonly submitter: string
  readonly contact: string
  readonly reportId: string
}

export const receivedFacts = ({ say }: Visit, { organization, submitter, contact, reportId }: ReceivedHead): readonly (readonly [string, Html])[] => [
  [say(text.organization), organization || submitter], [say(text.provenBy), submitter || "–"], ...(contact === "" ? [] : [[say(text.contact), contact] as const]), [say(text.reportId), reportId],
]
