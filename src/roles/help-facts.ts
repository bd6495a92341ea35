import type { Config } from "../config/schema.ts"
import { httpsUrl } from "../console/client-setup/client-settings.ts"
import type { HelpFacts } from "../console/help-page.ts"

/** What a person types into a mail client, which behind containers or NAT is not what we listen on. */
export function helpFacts({ listen, clients, hostname }: Config): HelpFacts {
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::"
  return {
    host: clients.host || (everywhere ? hostname : listen.host),
    imaps: clients.imaps || listen.imaps,
    imap: clients.imap || listen.imap,
    submissions: clients.submissions || listen.submissions,
    submission: clients.submission || listen.submission,
  }
}

/** A path of the console, as people reach it. */
export const consoleUrl = (config: Config, path: string): string => httpsUrl({ host: helpFacts(config).host, https: config.clients.https || config.listen.https }, path)
