import { readFile } from "node:fs/promises"
import type { SignInAudit } from "../accounts/sign-in-audit.ts"
import type { App } from "../app.ts"
import { pathOr } from "../config/load.ts"
import type { SingleSignOnPorts } from "../console/pages/sign-in/single-sign-on.ts"
import { createIdentityProvider } from "../console/single-sign-on/identity-provider.ts"
import { openProviderFetch } from "../console/single-sign-on/provider-fetch.ts"
import { createAdministratorStore } from "../store/sql/administrators.ts"
import { consoleOrigin } from "./second-factors.ts"

/** The identity provider, where configuration names one. Its files are read at the start; it itself is first asked when somebody wants in. */
export async function openSingleSignOn(app: App, signIns: SignInAudit): Promise<SingleSignOnPorts | undefined> {
  const { database, directory, sealer, context: { config, clock, log } } = app
  const { issuer, name, clientId, clientSecretFile, authorities, scopes, claim, match, roles, acr } = config.console.oidc
  if (issuer === "") return undefined
  const read = (file: string): Promise<string> => readFile(pathOr(config, file, ""), "utf8")
  const administrators = createAdministratorStore(database)
  const origin = consoleOrigin(config)
  const provider = createIdentityProvider({
    issuer, clientId, scopes, claim, acr, origin, sealer, clock,
    name: name || new URL(issuer).hostname,
    clientSecret: clientSecretFile === "" ? "" : (await read(clientSecretFile)).trim(),
    ask: openProviderFetch(await Promise.all(authorities.map(read))),
    onTrouble: (error) => log.warn({ err: error, issuer }, "console: single sign-on failed"),
  })
  return {
    provider, origin, roles, sealer, signIns,
    rule: { claim, match },
    async rolesOf({ accountId, principalId }) {
      const address = directory.current().account(accountId)?.address
      return (await administrators.list()).filter((grant) => grant.address === address && grant.principalId === principalId).map(({ role }) => role)
    },
  }
}
