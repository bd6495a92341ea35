import type { Clock } from "../../base/clock.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { LoginThrottle } from "../login-throttle.ts"
import type { SignInAudit } from "../sign-in-audit.ts"
import { createTurns } from "../turns.ts"
import { type Challenges, spentHash } from "./challenge.ts"
import { type FactorOwner, type FactorStore, ownerKey } from "./factor-store.ts"
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-code.ts"
import { isTotpCode, newTotpSecret, totpStep, totpUri, typedSecret } from "./totp.ts"

/**
 * Codes that people type: of an authenticator app, or one of the recovery codes. Guesses are counted for the person, from wherever they come: whoever guesses
 * has the password already, and may have many addresses. Secrets rest sealed, bound to their owner. Must not know: HTTP, SQL.
 */
export interface Codes {
  /** A new secret. Nothing is stored before `confirm`: `setup` carries it there, sealed, for a quarter of an hour. */
  begin(visit: ProofVisit, label: string): NewAuthenticator
  /** The same again, for a form that is shown once more; undefined when it is too old. */
  again(visit: ProofVisit, setup: string, label: string): NewAuthenticator | undefined
  /** Failures: `noPermission` for a wrong code, `invalid` for a set-up that is too old or done. */
  confirm(visit: ProofVisit, given: { readonly setup: string; readonly code: string; readonly name: string }): Promise<Result<undefined, Failure>>
  /** Failures: `noPermission` whatever was wrong; `limit` after too many; `unavailable` when too many come at once. */
  prove(visit: ProofVisit, code: string): Promise<Result<undefined, Failure>>
  /** New recovery codes in the place of the old ones; shown once, stored as hashes. */
  newRecoveryCodes(owner: FactorOwner): Promise<readonly string[]>
}

/** Who is at it, in which session. */
export interface ProofVisit {
  readonly owner: FactorOwner
  /** Address signed in with, for the audit. */
  readonly address: string
  readonly sessionId: number
  readonly clientAddress: string
  /** Nothing else is given with it, as beside a password: a passkey must have verified its user then, rather than only been touched. */
  readonly alone: boolean
}

export interface NewAuthenticator {
  /** For the QR code. */
  readonly uri: string
  /** For who types it. */
  readonly secret: string
  readonly setup: string
}

/** store/sealing.ts */
export interface FactorSealer {
  seal(plain: Uint8Array, place: string): Buffer
  open(sealed: Uint8Array, place: string, maxPlainBytes: number): Buffer
}

export interface CodesParts {
  readonly store: FactorStore
  readonly sealer: FactorSealer
  readonly challenges: Challenges
  /** Counts by name alone. */
  readonly throttle: Pick<LoginThrottle, "isBlocked" | "failed" | "succeeded">
  readonly signIns: Pick<SignInAudit, "failed">
  /** Of recovery codes' hashes. */
  readonly recoveryKey: Uint8Array
  /** Whom apps name beside the address. */
  readonly issuer: string
  readonly clock: Clock
}

/** Of one person an hour, from wherever. A hundred a day against a million codes, three of which fit. */
export const codeThrottle = { maxFailures: 10, failureWindowMs: 3_600_000 } as const

const everywhere = ""
const secretBytes = 20
const maxSetupBytes = 200
const maxPending = 200
const wrong = failure("noPermission", "The code is wrong, or was used before.")

export function createCodes({ store, sealer, challenges, throttle, signIns, recoveryKey, issuer, clock }: CodesParts): Codes {
  const turns = createTurns(maxPending)
  const totpPlace = (owner: FactorOwner): string => `second factor of ${ownerKey(owner)}`
  const setupPurpose = ({ owner, sessionId }: ProofVisit): string => `authenticator of ${ownerKey(owner)} in ${sessionId}`

  const shown = (secret: Uint8Array, setup: string, label: string): NewAuthenticator => ({ uri: totpUri({ secret, issuer, label }), secret: typedSecret(secret), setup })

  function opened(visit: ProofVisit, setup: string): { readonly secret: Buffer; readonly challenge: Buffer } | undefined {
    const sealed = Buffer.from(setup.slice(0, maxSetupBytes * 2), "base64url")
    try {
      const plain = sealer.open(sealed, setupPurpose(visit), maxSetupBytes)
      const [secret, challenge] = [plain.subarray(0, secretBytes), plain.subarray(secretBytes)]
      return challenges.isOurs(challenge, setupPurpose(visit)) ? { secret, challenge } : undefined
    } catch {
      // of another session, or made up
      return undefined
    }
  }

  async function fitsTotp({ owner, clientAddress }: ProofVisit, code: string): Promise<boolean> {
    for (const { id, secret } of await store.totps(owner)) {
      const step = totpStep({ secret: sealer.open(secret, totpPlace(owner), secretBytes), code, now: clock.now() })
      if (step !== undefined && (await store.useTotp(id, { step, clientAddress }))) return true
    }
    return false
  }

  async function fits(visit: ProofVisit, typed: string): Promise<boolean> {
    const code = typed.slice(0, 100).replace(/\s/g, "")
    if (isTotpCode(code)) return fitsTotp(visit, code)
    const hash = recoveryCodeHash(code, recoveryKey)
    return hash !== undefined && store.useRecoveryCode(visit.owner, { hash, clientAddress: visit.clientAddress })
  }

  return {
    begin(visit, label) {
      const secret = newTotpSecret()
      const setup = sealer.seal(Buffer.concat([secret, challenges.make(setupPurpose(visit))]), setupPurpose(visit)).toString("base64url")
      return shown(secret, setup, label)
    },
    again(visit, setup, label) {
      const found = opened(visit, setup)
      return found && shown(found.secret, setup, label)
    },
    async confirm(visit, { setup, code, name }) {
      const found = opened(visit, setup)
      if (!found) return failed(failure("invalid", "The set-up is too old."))
      const step = totpStep({ secret: found.secret, code: code.replace(/\s/g, ""), now: clock.now() })
      if (step === undefined) return failed(wrong)
      if (!(await store.spend(spentHash(found.challenge)))) return failed(failure("invalid", "The set-up is done."))
      const { owner, sessionId } = visit
      await store.addTotp({ owner, name, sessionId, secret: sealer.seal(found.secret, totpPlace(owner)), lastStep: step })
      return ok(undefined)
    },
    async prove(visit, code) {
      const name = `second factor of ${ownerKey(visit.owner)}`
      // One after another, or a hundred guesses sent at once would all be counted too late.
      const turn = await turns.take(name, async () => {
        if (await throttle.isBlocked(everywhere, name)) return failed(failure("limit", "Too many wrong codes; try again later."))
        if (await fits(visit, code)) {
          await throttle.succeeded(everywhere, name)
          return ok(undefined)
        }
        await throttle.failed(everywhere, name)
        return failed(wrong)
      })
      const result = turn ?? failed(failure("unavailable", "Too many codes at once; try again in a moment."))
      if (!result.ok && result.failure.kind !== "unavailable") signIns.failed({ username: visit.address, clientAddress: visit.clientAddress, service: "console", reason: result.failure.kind === "limit" ? "secondFactorLimit" : "secondFactor" })
      return result
    },
    async newRecoveryCodes(owner) {
      const codes = newRecoveryCodes()
      await store.setRecoveryCodes(owner, codes.flatMap((code) => recoveryCodeHash(code, recoveryKey) ?? []))
      return codes
    },
  }
}
