/** The configured keys, with the addresses that they sign for, opened when they are first wanted. Must not know: who may have a message signed. */
import type { Clock } from "../../base/clock.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { canonicalAddress } from "../../mail/address.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { openPkcs11Key, type Pkcs11KeySetting } from "./pkcs11-key.ts"
import { openPkcs12Key, type Pkcs12KeySetting } from "./pkcs12-key.ts"
import type { SigningKey } from "./signing-key.ts"

export interface KeyRing {
  /**
   * The key of that name if it signs for the address, and how; undefined when it does not. Fails with `unavailable` while it cannot be opened: that is tried
   * again after half a minute, so a token that is put back signs without a restart.
   */
  for(address: string, name: string): Promise<Result<RingKey, Failure> | undefined>
  /** Opens every key, so that a start can tell what is wrong with each: sentences for the administrator. */
  problems(): Promise<readonly string[]>
  close(): Promise<void>
}

export interface RingKey {
  readonly key: SigningKey
  readonly pss: boolean
}

/** As in `signing.keys`. */
export interface KeyRingSetting {
  readonly name: string
  readonly pkcs12?: Omit<Pkcs12KeySetting, "name"> | undefined
  readonly pkcs11?: Omit<Pkcs11KeySetting, "name"> | undefined
  readonly pss: boolean
  readonly for: readonly string[]
}

export interface KeyRingOptions {
  readonly settings: readonly KeyRingSetting[]
  readonly clock: Clock
  readonly log: { error(detail: object, message: string): void }
}

const retryMs = 30_000

interface Opened {
  readonly result: Promise<Result<SigningKey, string>>
  readonly at: number
}

export function createKeyRing({ settings, clock, log }: KeyRingOptions): KeyRing {
  const opened = new Map<string, Opened>()

  const open = async (setting: KeyRingSetting): Promise<Result<SigningKey, string>> => {
    const known = opened.get(setting.name)
    if (known && ((await known.result).ok || clock.now() - known.at < retryMs)) return known.result
    // somebody else may have begun while this waited
    const other = opened.get(setting.name)
    if (other && other !== known) return other.result
    const result = openKey(setting)
    opened.set(setting.name, { result, at: clock.now() })
    const settled = await result
    if (!settled.ok) log.error({ key: setting.name, reason: settled.failure }, "a signing key cannot be used")
    return settled
  }

  return {
    async for(address, name) {
      const setting = settings.find((one) => one.name === name)
      if (!setting?.for.some((own) => canonicalAddress(own) === canonicalAddress(address))) return undefined
      const key = await open(setting)
      return key.ok ? ok({ key: key.value, pss: setting.pss }) : failed(failure("unavailable", "the message cannot be signed now"))
    },
    async problems() {
      const all = await Promise.all(settings.map(open))
      return all.flatMap((key) => (key.ok ? [] : [key.failure]))
    },
    async close() {
      for (const { result } of opened.values()) {
        const key = await result
        if (key.ok) await key.value.close()
      }
      opened.clear()
    },
  }
}

function openKey({ name, pkcs12, pkcs11 }: KeyRingSetting): Promise<Result<SigningKey, string>> {
  if (pkcs12) return openPkcs12Key({ name, ...pkcs12 })
  if (pkcs11) return openPkcs11Key({ name, ...pkcs11 })
  throw new Error(`the key ${name} lies nowhere`)
}
