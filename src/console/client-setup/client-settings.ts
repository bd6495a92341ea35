/** What mail clients are told about this server, in whatever form they ask. All of it comes from configuration; none of it is about a person. */
export interface ClientSettings {
  /** Name of the service, for people. */
  readonly serviceName: string
  readonly host: string
  /** TLS from the first byte (RFC 8314 §3.2, §3.3). */
  readonly imaps: number
  readonly submissions: number
  /** STARTTLS. */
  readonly imap: number
  readonly submission: number
  /** Where these files and the help page are. */
  readonly https: number
  /** Empty: the help page of this server. */
  readonly helpUrl: string
  /** LDAP over TLS; null where there is none. */
  readonly addressBook: AddressBookSettings | null
}

export interface AddressBookSettings {
  readonly host: string
  readonly baseDn: string
  /** Name to sign in with; empty: without. */
  readonly user: string
}

/** Of a path on this server, as clients reach it. */
export const httpsUrl = ({ host, https }: Pick<ClientSettings, "host" | "https">, path: string): string =>
  `https://${host.includes(":") ? `[${host}]` : host}${https === 443 ? "" : `:${https}`}${path}`

export const helpUrl = (settings: ClientSettings): string => settings.helpUrl || httpsUrl(settings, "/help")
