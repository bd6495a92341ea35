import { createHmac } from "node:crypto"
import type { Grant } from "../accounts/administrator.ts"
import { createChallenges } from "../accounts/factors/challenge.ts"
import { codeThrottle, createCodes } from "../accounts/factors/codes.ts"
import { createPasskeys } from "../accounts/factors/passkeys.ts"
import type { SecondFactors } from "../accounts/factors/second-factors.ts"
import { createLoginThrottle } from "../accounts/login-throttle.ts"
import type { SignInAudit } from "../accounts/sign-in-audit.ts"
import type { App } from "../app.ts"
import type { Config } from "../config/schema.ts"
import { httpsUrl } from "../console/client-setup/client-settings.ts"
import { createFactorStore } from "../store/sql/second-factors.ts"

/** Where browsers reach the console; passkeys and the identity provider know it by this. */
export const consoleOrigin = ({ console: { url }, hostname, clients, listen }: Config): string => new URL(url || httpsUrl({ host: hostname, https: clients.https || listen.https }, "/")).origin

/** Of whom a second factor is demanded. */
export const needsSecondFactor =
  ({ console: { secondFactor } }: Config) =>
  (grants: readonly Grant[]): boolean =>
    secondFactor === "everybody" || (secondFactor === "administrators" && grants.length > 0)

/** Second factors as the console asks for them; their keys are made from that of app passwords. */
export function createSecondFactors(app: App, signIns: SignInAudit): SecondFactors {
  const { database, sealer, files, context: { config, clock } } = app
  const store = createFactorStore(database)
  const keyFor = (purpose: string): Buffer => createHmac("sha256", files.appPasswordKey).update(`console-${purpose}`).digest()
  const challenges = createChallenges({ key: keyFor("challenges"), clock })
  const throttle = createLoginThrottle({ ...codeThrottle, redisUrl: config.redis.url })
  app.onClose(() => throttle.close())
  return {
    store,
    codes: createCodes({ store, sealer, challenges, throttle, signIns, recoveryKey: keyFor("recovery"), issuer: config.clients.serviceName, clock }),
    passkeys: createPasskeys({ store, challenges, signIns, userKey: keyFor("passkey-users"), origin: consoleOrigin(config), serviceName: config.clients.serviceName }),
  }
}
