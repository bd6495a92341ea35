import { createHmac, timingSafeEqual } from "node:crypto"
import {
  type AuthenticationResponseJSON, generateAuthenticationOptions, generateRegistrationOptions, type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON, type RegistrationResponseJSON, verifyAuthenticationResponse, verifyRegistrationResponse,
} from "@simplewebauthn/server"
import { z } from "zod"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { SignInAudit } from "../sign-in-audit.ts"
import { type Challenges, spentHash } from "./challenge.ts"
import type { ProofVisit } from "./codes.ts"
import { type FactorOwner, type FactorStore, ownerKey, type StoredPasskey } from "./factor-store.ts"

/**
 * Passkeys and security keys (WebAuthn Level 3): beside a password, where a touch is enough, and in the place of one, where the authenticator must have
 * verified its user. They are bound to the console's name, so that no other site can ask for them; an answer counts once. Must not know: HTTP, SQL.
 */
export interface Passkeys {
  /** The name they are bound to (RP ID): a browser at any other address cannot use them. */
  readonly domain: string
  registrationOptions(visit: ProofVisit, name: string): Promise<PublicKeyCredentialCreationOptionsJSON>
  /** Failures: `invalid` for what no authenticator of ours said, `alreadyExists`. */
  register(visit: ProofVisit, given: { readonly answer: string; readonly name: string }): Promise<Result<undefined, Failure>>
  /** Undefined when the person has none. */
  proofOptions(visit: ProofVisit): Promise<PublicKeyCredentialRequestOptionsJSON | undefined>
  /** Failure: `noPermission`, whatever was wrong. */
  prove(visit: ProofVisit, answer: string): Promise<Result<undefined, Failure>>
  signInOptions(): Promise<PublicKeyCredentialRequestOptionsJSON>
  /** Whose passkey it is. Failure: `noPermission`, whatever was wrong. */
  signIn(answer: string, clientAddress: string): Promise<Result<FactorOwner, Failure>>
}

export interface PasskeysParts {
  readonly store: FactorStore
  readonly challenges: Challenges
  readonly signIns: Pick<SignInAudit, "failed">
  /** Of the names by which authenticators know people, which must say nothing about them (§14.6.1). */
  readonly userKey: Uint8Array
  /** Where browsers reach the console: `https://mail.tinh.example:8443`. */
  readonly origin: string
  readonly serviceName: string
}

const maxAnswerCharacters = 16_384
const timeoutMs = 5 * 60_000
/** COSE: EdDSA, ES256, RS256 (RFC 9053 §2, RFC 8812 §2); what every authenticator has one of. */
const algorithms = [-8, -7, -257] as const
const wrong = failure("noPermission", "The passkey is not accepted.")
const base64url = z.string().max(8_192).regex(/^[\w-]*$/)
const credential = { id: base64url.max(1_400), rawId: base64url.max(1_400), type: z.literal("public-key") }
const registrationAnswer = z
  .object({ ...credential, response: z.object({ clientDataJSON: base64url, attestationObject: base64url, transports: z.array(z.string().max(20)).max(10).default([]) }) })
  .transform((answer): RegistrationResponseJSON => ({ ...answer, clientExtensionResults: {} }))
const proofAnswer = z
  .object({ ...credential, response: z.object({ clientDataJSON: base64url, authenticatorData: base64url, signature: base64url, userHandle: base64url.nullish() }) })
  .transform(({ response: { userHandle, ...response }, ...rest }): AuthenticationResponseJSON => ({ ...rest, clientExtensionResults: {}, response: { ...response, ...(typeof userHandle === "string" && { userHandle }) } }))

export function createPasskeys({ store, challenges, signIns, userKey, origin, serviceName }: PasskeysParts): Passkeys {
  const domain = new URL(origin).hostname
  const userHandle = (owner: FactorOwner): Uint8Array<ArrayBuffer> => Uint8Array.from(createHmac("sha256", userKey).update(ownerKey(owner)).digest())
  const registering = ({ owner, sessionId }: ProofVisit): string => `register for ${ownerKey(owner)} in ${sessionId}`
  const proving = ({ owner, sessionId, alone }: ProofVisit): string => `prove ${alone ? "alone" : "beside a password"} ${ownerKey(owner)} in ${sessionId}`
  const signingIn = "sign in"
  const known = async (owner: FactorOwner) => (await store.passkeys(owner)).map(({ credentialId, transports }) => ({ id: Buffer.from(credentialId).toString("base64url"), transports: [...transports] }))

  /** True once for each challenge; whoever asks has seen a right signature over it. */
  const spends = async (answer: AuthenticationResponseJSON | RegistrationResponseJSON): Promise<boolean> => store.spend(spentHash(challengeOf(answer.response.clientDataJSON)))

  async function judge(answer: AuthenticationResponseJSON, { passkey, purpose, verified, clientAddress }: Answered): Promise<"right" | "passkey" | "passkeyCopied"> {
    const result = await verifyAuthenticationResponse({
      response: answer, expectedOrigin: origin, expectedRPID: domain, requireUserVerification: verified,
      expectedChallenge: (challenge) => challenges.isOurs(Buffer.from(challenge, "base64url"), purpose),
      // the count is compared where it is stored, so that of two at once only one counts
      credential: { id: answer.id, publicKey: Uint8Array.from(passkey.publicKey), counter: 0, transports: [...passkey.transports] },
    }).catch(() => undefined)
    if (result?.verified !== true || !(await spends(answer))) return "passkey"
    return (await store.usePasskey(passkey.id, { signCount: result.authenticationInfo.newCounter, clientAddress })) ? "right" : "passkeyCopied"
  }

  return {
    domain,
    async registrationOptions(visit, name) {
      return generateRegistrationOptions({
        rpID: domain, rpName: serviceName, userID: userHandle(visit.owner), userName: visit.address, userDisplayName: name, challenge: challenges.make(registering(visit)), timeout: timeoutMs, supportedAlgorithmIDs: [...algorithms],
        attestationType: "none", excludeCredentials: await known(visit.owner), authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
      })
    },
    async register(visit, { answer: text, name }) {
      const answer = parsed(registrationAnswer, text)
      const credential = answer && (await registered(answer, { origin, domain, isOurs: (challenge) => challenges.isOurs(challenge, registering(visit)) }))
      if (!answer || !credential || !(await spends(answer))) return failed(failure("invalid", "The passkey is not accepted."))
      const added = await store.addPasskey({
        owner: visit.owner, sessionId: visit.sessionId, name, credentialId: Buffer.from(credential.id, "base64url"), publicKey: credential.publicKey, signCount: credential.counter,
        transports: answer.response.transports ?? [],
      })
      return added ? ok(undefined) : failed(failure("alreadyExists", "The passkey is registered already."))
    },
    async proofOptions(visit) {
      const allowCredentials = await known(visit.owner)
      if (allowCredentials.length === 0) return undefined
      return generateAuthenticationOptions({ rpID: domain, allowCredentials, challenge: challenges.make(proving(visit)), timeout: timeoutMs, userVerification: visit.alone ? "required" : "discouraged" })
    },
    async prove(visit, text) {
      const answer = parsed(proofAnswer, text)
      const passkey = answer && (await store.passkey(Buffer.from(answer.id, "base64url")))
      const own = passkey !== undefined && ownerKey(passkey) === ownerKey(visit.owner)
      const verdict = answer && own ? await judge(answer, { passkey, purpose: proving(visit), verified: visit.alone, clientAddress: visit.clientAddress }) : "passkey"
      if (verdict === "right") return ok(undefined)
      signIns.failed({ username: visit.address, clientAddress: visit.clientAddress, service: "console", reason: verdict })
      return failed(wrong)
    },
    signInOptions: () => generateAuthenticationOptions({ rpID: domain, challenge: challenges.make(signingIn), timeout: timeoutMs, userVerification: "required" }),
    async signIn(text, clientAddress) {
      const answer = parsed(proofAnswer, text)
      const passkey = answer && (await store.passkey(Buffer.from(answer.id, "base64url")))
      // WebAuthn Level 3 §7.2, step 6: nobody was named before, so the authenticator must name whom it means
      const named = passkey !== undefined && isSame(Buffer.from(answer?.response.userHandle ?? "", "base64url"), userHandle(passkey))
      const verdict = answer && named ? await judge(answer, { passkey, purpose: signingIn, verified: true, clientAddress }) : "passkey"
      if (passkey && verdict === "right") return ok({ accountId: passkey.accountId, principalId: passkey.principalId })
      signIns.failed({ username: passkey ? ownerKey(passkey) : "", clientAddress, service: "console", reason: verdict })
      return failed(wrong)
    },
  }
}

interface Answered {
  readonly passkey: StoredPasskey
  readonly purpose: string
  /** The authenticator must have verified its user: by a PIN, a finger, a face. */
  readonly verified: boolean
  readonly clientAddress: string
}

interface Expected {
  readonly origin: string
  readonly domain: string
  readonly isOurs: (challenge: Uint8Array) => boolean
}

async function registered(answer: RegistrationResponseJSON, { origin, domain, isOurs }: Expected) {
  const result = await verifyRegistrationResponse({
    response: answer, expectedOrigin: origin, expectedRPID: domain, requireUserVerification: false, supportedAlgorithmIDs: [...algorithms],
    expectedChallenge: (challenge) => isOurs(Buffer.from(challenge, "base64url")),
  }).catch(() => undefined)
  return result?.verified === true ? result.registrationInfo.credential : undefined
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  if (text.length > maxAnswerCharacters) return undefined
  try {
    const result = schema.safeParse(JSON.parse(text))
    return result.success ? result.data : undefined
  } catch {
    return undefined
  }
}

/** Of what was verified. */
function challengeOf(clientDataJson: string): Uint8Array {
  const data: unknown = JSON.parse(Buffer.from(clientDataJson, "base64url").toString())
  const challenge = typeof data === "object" && data !== null && "challenge" in data ? data.challenge : undefined
  if (typeof challenge !== "string") throw new Error("a verified answer has no challenge")
  return Buffer.from(challenge, "base64url")
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && timingSafeEqual(one, other)
