import { byteString, rawFields, unfoldedValue } from "../mail/header.ts"

/** Received: fields that this server itself has written (RFC 5321 §4.4, "by"). */
export const passedHere = (header: Uint8Array, hostname: string): number =>
  rawFields(header).filter((field) => field.name === "received" && unfoldedValue(field).toLowerCase().includes(` by ${hostname.toLowerCase()} `)).length

/** Received: fields in a raw header block, folded lines not counted (RFC 5321 §6.3). */
export const countHops = (header: Uint8Array): number => byteString(header).match(/^received[ \t]*:/gim)?.length ?? 0
