import { failed, ok, type Result } from "../../base/result.ts"
import { isValidMailbox } from "../../mail/address.ts"
import { type AutodiscoverFault, outlookResponseSchema } from "./autodiscover.ts"
import { readSmallXml } from "./read-xml.ts"

/** The address in an Autodiscover request (MS-OXDSCLI §2.2.3), or the fault to answer with. Pure. */
export function autodiscoverAddress(body: Uint8Array): Result<string, AutodiscoverFault> {
  const texts = readSmallXml(body)
  const one = (name: string): string | undefined => texts?.find(({ path }) => path === `Autodiscover/Request/${name}`)?.text
  const address = one("EMailAddress")
  if (address === undefined || !isValidMailbox(address)) return failed("invalidRequest")
  // a telephone asks for ActiveSync in the same words; that is another answer, which we do not have
  const schema = one("AcceptableResponseSchema") ?? outlookResponseSchema
  return schema.toLowerCase() === outlookResponseSchema ? ok(address) : failed("unknownSchema")
}
