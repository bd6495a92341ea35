import { z } from "zod"
import type { Sealer } from "../store/sealing.ts"
import { notificationLanguages } from "./templates/template.ts"

/** What each recipient's own message is made from, as it rests: sealed, because names and dossiers are in it. */
export type Sealing = Pick<Sealer, "seal" | "open">

const own = z.record(z.string(), z.unknown())
const source = z.object({ language: z.enum(notificationLanguages), data: own, replyTo: z.string().nullable() })
export type EachSource = z.output<typeof source>

const sourcePlace = "notification"
const dataPlace = "notification-recipient"
/** Data was bounded when it came in; this only keeps a damaged row from filling memory. */
const maxPlainBytes = 32 * 1024 * 1024

export const sealSource = (sealing: Sealing, value: EachSource): Uint8Array => sealing.seal(Buffer.from(JSON.stringify(value)), sourcePlace)
export const sealData = (sealing: Sealing, value: Readonly<Record<string, unknown>>): Uint8Array => sealing.seal(Buffer.from(JSON.stringify(value)), dataPlace)

/** Both throw when the bytes were changed or sealed with another key. */
export const openSource = (sealing: Sealing, sealed: Uint8Array): EachSource => source.parse(JSON.parse(sealing.open(sealed, sourcePlace, maxPlainBytes).toString()))
export const openData = (sealing: Sealing, sealed: Uint8Array): Readonly<Record<string, unknown>> => own.parse(JSON.parse(sealing.open(sealed, dataPlace, maxPlainBytes).toString()))
