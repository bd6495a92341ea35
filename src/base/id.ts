import { randomBytes } from "node:crypto"

/** A random identifier of `bits` bits (default 96) in base64url: fit for file names, Message-IDs and session ids. */
export const randomId = (bits = 96): string => randomBytes(bits / 8).toString("base64url")
