/** What an LDAP server says of people and groups, read by the configured attributes; empty where an entry has no such attribute. */
export interface LdapPerson {
  readonly dn: string
  /** What never changes about the entry: `entryUUID`, `objectGUID`. */
  readonly externalId: string
  readonly number: string
  readonly name: string
  /** Code or name of a unit. */
  readonly unit: string
  readonly title: string
  readonly phone: string
  readonly address: string
}

export interface LdapGroup {
  readonly dn: string
  readonly externalId: string
  readonly name: string
  readonly address: string
  /** Distinguished names; null: there are more than one answer of the server holds. */
  readonly members: readonly string[] | null
}

export interface LdapEntries {
  readonly people: readonly LdapPerson[]
  readonly groups: readonly LdapGroup[]
}

/** What an entry is called here. */
export interface ExternalLink {
  readonly kind: "person" | "group"
  readonly externalId: string
  readonly key: string
  /** Suspended by a synchronization because its entry had gone. */
  readonly gone: boolean
}
