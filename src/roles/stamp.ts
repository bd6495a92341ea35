import type { App } from "../app.ts"
import { createAllowedUrls } from "../pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../pki/revocation/http-fetch.ts"
import type { SignOptions } from "../pki/sign/smime-sign.ts"
import { createTimestampClient } from "../pki/sign/timestamp-client.ts"
import type { RoleContext } from "./role.ts"

export interface StampParts extends Pick<App, "onClose"> {
  readonly context: Pick<RoleContext, "config" | "clock" | "log">
}

/** What asks `signing.timestampUrl` for a stamp on each signature of this server; undefined when nobody is to be asked. */
export function openStamp({ context: { config, clock, log }, onClose }: StampParts): SignOptions["stamp"] {
  const { timestampUrl } = config.signing
  if (timestampUrl === "") return undefined
  const { allow, timeout, retry } = config.pki.revocation
  const fetch = createRevocationFetch({ allowed: createAllowedUrls(allow), timeoutMs: timeout, restMs: retry, clock })
  onClose(() => fetch.close())
  const client = createTimestampClient({ fetch, url: timestampUrl, clock })
  return async (signature) => {
    const token = await client.stamp(signature)
    if (token.ok) return token.value
    // a signature without a stamp is worth more than no message
    log.error({ url: timestampUrl, reason: token.failure }, "a signature has no time stamp")
    return undefined
  }
}
