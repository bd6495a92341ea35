import type { Clock } from "../base/clock.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import type { AddressBookSettings } from "../console/client-setup/client-settings.ts"
import type { ClientSetup } from "../console/client-setup/routes.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import type { HelpFacts } from "../console/help-page.ts"
import { openPkcs12Key } from "../pki/sign/pkcs12-key.ts"
import { attachedSignedData } from "../pki/sign/signed-data.ts"
import { algorithmOf } from "../pki/sign/signing-key.ts"

export interface ClientSetupParts {
  readonly config: Config
  readonly clock: Clock
  readonly help: HelpFacts
  readonly isLocalDomain: (domain: string) => boolean
}

/** Mail clients' own set-up, from configuration and the directory's domains. Throws, with a sentence for the administrator, when the profile key is no key. */
export async function openClientSetup({ config, clock, help, isLocalDomain }: ClientSetupParts): Promise<ClientSetup> {
  const { clients, listen } = config
  return {
    settings: {
      ...help,
      https: clients.https || listen.https,
      serviceName: clients.serviceName,
      helpUrl: clients.helpUrl,
      addressBook: addressBookOf(clients),
    },
    isLocalDomain,
    rates: createLookupRates(clients.setupsPerHour),
    sign: await profileSigner(config, () => clock.now()),
    clock,
  }
}

/** The form is checked where the configuration is read. */
function addressBookOf({ addressBook, addressBookUser }: Config["clients"]): AddressBookSettings | null {
  const [, host, baseDn] = /^ldaps:\/\/([^/]+)\/(.+)$/.exec(addressBook) ?? []
  return host !== undefined && baseDn !== undefined ? { host, baseDn, user: addressBookUser } : null
}

async function profileSigner(config: Config, now: () => number): Promise<ClientSetup["sign"]> {
  const { profileKeyFile, profileKeyPasswordFile } = config.clients
  if (profileKeyFile === "") return null
  const opened = await openPkcs12Key({ name: "clients.profileKeyFile", file: pathOr(config, profileKeyFile, ""), passwordFile: pathOr(config, profileKeyPasswordFile, "") })
  if (!opened.ok) throw new Error(`clients.profileKeyFile: ${opened.failure}`)
  const key = opened.value
  const algorithm = algorithmOf(key.certificate.key)
  if (!algorithm) throw new Error("clients.profileKeyFile: has a key that nobody accepts signatures of")
  return (profile) => attachedSignedData({ key, algorithm, content: profile, signingTime: now() })
}
