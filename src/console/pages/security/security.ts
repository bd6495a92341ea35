import type { FactorResets } from "../../../accounts/factors/factor-store.ts"
import type { SecondFactors } from "../../../accounts/factors/second-factors.ts"
import type { Grant } from "../../../accounts/administrator.ts"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import { securityText } from "../../text/security.ts"
import type { Area } from "../../web/page.ts"
import { authenticatorPages } from "./authenticator.ts"
import { factorPages } from "./factors.ts"
import { passkeyPages } from "./passkey.ts"
import { recoveryPages } from "./recovery-codes.ts"
import { resetPages } from "./resets.ts"

/** Second factors: one's own, and those of people who lost theirs. */
export interface SecurityPorts {
  readonly factors: SecondFactors
  readonly resets: FactorResets
  readonly sessions: Pick<ConsoleSessionStore, "list" | "prove">
  readonly needsSecondFactor: (grants: readonly Grant[]) => boolean
  /** As `auth.mailPassword`. */
  readonly mailPassword: "withoutSecondFactor" | "always"
}

export const securityArea = (ports: SecurityPorts): Area => ({
  group: "directory",
  menu: [{ path: "/second-factors", label: securityText.resets, who: "directory:write" }],
  pages: [...factorPages(ports), ...authenticatorPages(ports), ...passkeyPages(ports), ...recoveryPages(ports), ...resetPages(ports)],
})
