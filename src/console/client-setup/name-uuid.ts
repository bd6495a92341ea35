import { createHash } from "node:crypto"

/** RFC 9562 §6.6: the namespace of URLs. */
const urlNamespace = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex")

/** A version 5 UUID (RFC 9562 §5.5): the same name has the same one for ever. SHA-1 is the format's and protects nothing. */
export function nameUuid(url: string): string {
  const octets = createHash("sha1").update(urlNamespace).update(url).digest().subarray(0, 16)
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x50
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80
  return octets.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5").toUpperCase()
}
