import type { App } from "../app.ts"
import type { SignerParts } from "../intake/sign-on-behalf.ts"
import { createAllowedUrls } from "../pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../pki/revocation/http-fetch.ts"
import { createKeyRing } from "../pki/sign/key-ring.ts"
import { createTimestampClient } from "../pki/sign/timestamp-client.ts"

/** The keys of `signing.keys`, and the authority that stamps their signatures. What is wrong with a key is logged at the start, and stops nobody's mail. */
export function openSigning({ context: { config, clock, log }, onClose }: App): Pick<SignerParts, "keys" | "stamp"> {
  const { keys: settings, timestampUrl } = config.signing
  const keys = createKeyRing({ settings, clock, log })
  onClose(() => keys.close())
  void keys.problems()
  if (timestampUrl === "") return { keys }
  const { allow, timeout } = config.pki.revocation
  const fetch = createRevocationFetch({ allowed: createAllowedUrls(allow), timeoutMs: timeout })
  onClose(() => fetch.close())
  const client = createTimestampClient({ fetch, url: timestampUrl })
  return {
    keys,
    // a signature without a stamp is worth more than no message
    stamp: async (signature) => {
      const token = await client.stamp(signature)
      if (token.ok) return token.value
      log.error({ url: timestampUrl, reason: token.failure }, "a signature has no time stamp")
      return undefined
    },
  }
}
