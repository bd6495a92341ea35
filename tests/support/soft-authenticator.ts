import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto"

/** An authenticator in a few lines (WebAuthn Level 3 §6), for answers that no honest browser gives: each part can be forged. */
export interface SoftAuthenticator {
  readonly id: Buffer
  register(options: { readonly challenge: string; readonly rp: { readonly id?: string } }, forged?: Forged): string
  answer(options: { readonly challenge: string; readonly rpId?: string }, forged?: Forged): string
}

export interface Forged {
  readonly origin?: string
  readonly domain?: string
  readonly challenge?: string
  readonly type?: string
  /** User present, user verified. */
  readonly flags?: number
  readonly count?: number
  readonly userHandle?: string
  /** Signed with another key. */
  readonly strange?: boolean
}

export const presentOnly = 0x01
export const presentAndVerified = 0x05
const attestedData = 0x40

export function softAuthenticator(origin: string, userHandle: string): SoftAuthenticator {
  const id = randomBytes(16)
  const [own, other] = [generateKeyPairSync("ec", { namedCurve: "P-256" }), generateKeyPairSync("ec", { namedCurve: "P-256" })]
  const { x = "", y = "" } = own.publicKey.export({ format: "jwk" })
  let count = 0

  const clientData = (type: string, challenge: string, forged: Forged): Buffer => Buffer.from(JSON.stringify({ type: forged.type ?? type, challenge: forged.challenge ?? challenge, origin: forged.origin ?? origin, crossOrigin: false }))
  const authenticatorData = (domain: string, forged: Forged, more = 0): Buffer => {
    const counted = Buffer.alloc(4)
    counted.writeUInt32BE(forged.count ?? ++count)
    return Buffer.concat([createHash("sha256").update(forged.domain ?? domain).digest(), Buffer.of((forged.flags ?? presentAndVerified) | more), counted])
  }
  const said = (response: Readonly<Record<string, Buffer | undefined>>): string =>
    JSON.stringify({ id: id.toString("base64url"), rawId: id.toString("base64url"), type: "public-key", clientExtensionResults: {}, response: Object.fromEntries(Object.entries(response).map(([name, bytes]) => [name, bytes?.toString("base64url")])) })

  return {
    id,
    register({ challenge, rp }, forged = {}) {
      // COSE_Key of a P-256 key for ES256 (RFC 9053 §7.1.1)
      const key = Buffer.concat([Buffer.from("a5010203262001215820", "hex"), Buffer.from(x, "base64url"), Buffer.from("225820", "hex"), Buffer.from(y, "base64url")])
      const data = Buffer.concat([authenticatorData(rp.id ?? "", forged, attestedData), Buffer.alloc(16), Buffer.of(0, id.length), id, key])
      const attestation = Buffer.concat([Buffer.from("a363666d74646e6f6e656761747453746d74a068617574684461746158", "hex"), Buffer.of(data.length), data])
      return said({ clientDataJSON: clientData("webauthn.create", challenge, forged), attestationObject: attestation })
    },
    answer({ challenge, rpId = "" }, forged = {}) {
      const [client, data] = [clientData("webauthn.get", challenge, forged), authenticatorData(rpId, forged)]
      const signature = createSign("sha256").update(data).update(createHash("sha256").update(client).digest()).sign((forged.strange ? other : own).privateKey)
      return said({ clientDataJSON: client, authenticatorData: data, signature, userHandle: Buffer.from(forged.userHandle ?? userHandle, "base64url") })
    },
  }
}
