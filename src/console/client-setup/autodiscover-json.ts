import { type ClientSettings, httpsUrl } from "./client-settings.ts"

/** Autodiscover v2: newer Outlooks ask where to ask (`autodiscover.json?Email=…&Protocol=AutodiscoverV1`). Pure. */
export interface AutodiscoverJson {
  readonly status: number
  readonly body: Readonly<Record<string, string>>
}

export const autodiscoverPath = "/autodiscover/autodiscover.xml"

const protocol = "AutodiscoverV1"

/** What stands in an error is ours alone: nothing of the question comes back. */
export function autodiscoverJson(settings: ClientSettings, asked: string | undefined): AutodiscoverJson {
  if (asked === undefined) return { status: 400, body: { ErrorCode: "MandatoryParameterMissing", ErrorMessage: "A valid value must be provided for the query parameter 'Protocol'" } }
  if (asked.toLowerCase() !== protocol.toLowerCase()) return { status: 400, body: { ErrorCode: "InvalidProtocol", ErrorMessage: `The protocol asked for is not supported. Supported values are '${protocol}'` } }
  return { status: 200, body: { Protocol: protocol, Url: httpsUrl(settings, autodiscoverPath) } }
}
