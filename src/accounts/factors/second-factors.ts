import type { Codes } from "./codes.ts"
import type { FactorStore } from "./factor-store.ts"
import type { Passkeys } from "./passkeys.ts"

/** All that second factors are to those who ask for them. */
export interface SecondFactors {
  readonly store: Pick<FactorStore, "list" | "remove">
  readonly codes: Codes
  readonly passkeys: Passkeys
}
