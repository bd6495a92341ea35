import { byteString } from "../mail/header.ts"

/** Received: fields in a raw header block, folded lines not counted (RFC 5321 §6.3). */
export const countHops = (header: Uint8Array): number => byteString(header).match(/^received[ \t]*:/gim)?.length ?? 0
