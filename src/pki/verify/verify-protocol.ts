import type { MessageSignature } from "../signature-facts.ts"
import type { ByteRange, MessageSource } from "../smime/message-source.ts"

/** What the two sides of a verifying thread say to each other. One message is verified at a time, so nothing but reads has a number. */
export type ToThread =
  /** `bytes` is the whole message; null for one that is read piece by piece. */
  | { readonly kind: "verify"; readonly bytes: Uint8Array | null; readonly scanned: MessageSource["scanned"] | undefined; readonly certificates: MessageSource["certificates"] | undefined }
  | { readonly kind: "chunk"; readonly read: number; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly read: number }

export type FromThread =
  /** The thread has started: what it takes from here on is the message's affair. */
  | { readonly kind: "ready" }
  /** Starts a read when its number is new, otherwise asks for its next chunk. */
  | { readonly kind: "next"; readonly read: number; readonly range: ByteRange | undefined }
  | { readonly kind: "stop"; readonly read: number }
  | { readonly kind: "done"; readonly signature: MessageSignature }
  /** The verification threw: a bug, told with its stack. */
  | { readonly kind: "failed"; readonly error: Error }
