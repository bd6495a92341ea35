import { connect, type ConnectionOptions, type TLSSocket } from "node:tls"
import { Attribute, Change, Client, type Entry, NoSuchObjectError, ResultCodeError } from "ldapts"
import { childName, firstPart } from "./ldap-name.ts"
import { binaryAttributes, entryDigest, type LdapAttributes, type LdapEntry, type LdapValue, type ManagedAttribute, managedAttributes } from "./ldap-entry.ts"

/**
 * The address book's part of an LDAP server: everything in `ou=people` below the base, which is ours alone. One bound connection over
 * TLS from the first byte. Methods reject when the connection breaks, is refused, or an answer takes too long: the work is
 * then begun again later. The signal ends the connection at once. Must not know: where entries come from.
 */
export interface LdapDirectory {
  /** Makes the base entry and `ou=people` where they are missing. */
  prepare(): Promise<void>
  /** What `saveState` left there; empty when it never did. */
  state(): Promise<string>
  saveState(text: string): Promise<void>
  present(): AsyncIterable<readonly PresentEntry[]>
  /** The reason in the server's words when it will not take this entry, undefined when it has it. */
  add(entry: LdapEntry): Promise<string | undefined>
  replace(dn: string, entry: LdapEntry): Promise<string | undefined>
  remove(dn: string): Promise<void>
  close(): Promise<void>
}

export interface PresentEntry {
  readonly dn: string
  readonly uid: string
  /** As `entryDigest` says. */
  readonly digest: string
}

export interface LdapServer {
  /** `ldaps://host:port`. */
  readonly url: string
  /** Name that its certificate must be for. */
  readonly serverName: string
  /** PEM; null: the authorities that Node trusts. */
  readonly ca: string | null
  readonly bindDn: string
  readonly bindPassword: string
  readonly baseDn: string
}

/** Shorter than a role may take to stop. */
const connectTimeoutMs = 5_000
const answerTimeoutMs = 30_000
/** Entries in one answer: 100 KiB or so, digested in a few milliseconds. */
const pageSize = 40

export async function openLdapDirectory({ url, serverName, ca, bindDn, bindPassword, baseDn }: LdapServer, signal: AbortSignal): Promise<LdapDirectory> {
  signal.throwIfAborted()
  const connection = oneConnection(signal)
  const client = new Client({
    url,
    timeout: answerTimeoutMs,
    connectTimeout: connectTimeoutMs,
    tlsOptions: { minVersion: "TLSv1.2", servername: serverName, ...(ca !== null && { ca }) },
    createSecureConnection: connection.open as typeof connect,
  })
  const people = childName("ou", "people", baseDn)
  const close = async (): Promise<void> => {
    connection.forget()
    await client.unbind().catch(ignore)
  }
  try {
    await client.bind(bindDn, bindPassword)
  } catch (error) {
    await close()
    throw error
  }

  const exists = (dn: string): Promise<boolean> => client.search(dn, { scope: "base", attributes: ["1.1"] }).then(() => true, whenMissing(false))

  return {
    async prepare() {
      if (await exists(people)) return
      if (!(await exists(baseDn))) await client.add(baseDn, baseAttributes(baseDn))
      await client.add(people, attributeList({ objectClass: ["top", "organizationalUnit"], ou: ["people"] }))
    },
    async state() {
      const { searchEntries } = await client.search(people, { scope: "base", attributes: ["description"] }).catch(whenMissing({ searchEntries: [] as Entry[] }))
      return valuesOf(searchEntries[0], "description").filter((value) => typeof value === "string")[0] ?? ""
    },
    saveState: (text) => client.modify(people, change("description", [text])),
    async *present() {
      const pages = client.searchPaginated(people, { scope: "one", attributes: [...managedAttributes], explicitBufferAttributes: [...binaryAttributes], paged: { pageSize } })
      for await (const { searchEntries } of pages) yield searchEntries.map(presentEntry)
    },
    add: (entry) => client.add(childName("uid", entry.uid, people), attributeList(entry.attributes)).then(() => undefined, whenRefused),
    replace: (dn, { attributes }) =>
      client.modify(dn, managedAttributes.filter((name) => name !== "uid").map((name) => change(name, attributes[name] ?? []))).then(() => undefined, whenRefused),
    remove: (dn) => client.del(dn).catch(whenMissing(undefined)),
    close,
  }
}

/** ldapts connects again by itself when the server closed the connection, and then nobody is signed in: here the second connection is an error. */
function oneConnection(signal: AbortSignal): { open(port: number, host: string, options: ConnectionOptions): TLSSocket; forget(): void } {
  let socket: TLSSocket | undefined
  const end = (): void => void socket?.destroy(new Error("the connection to the LDAP server was broken off"))
  signal.addEventListener("abort", end, { once: true })
  return {
    open(port, host, options) {
      if (socket) throw new Error("the LDAP server closed the connection")
      socket = connect(port, host, options)
      return socket
    },
    forget: () => signal.removeEventListener("abort", end),
  }
}

const ignore = (): void => undefined

const whenMissing =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (error instanceof NoSuchObjectError) return instead
    throw error
  }

/**
 * Results that are about the entry alone (RFC 4511 §4.1.9): undefinedAttributeType to invalidAttributeSyntax, invalidDNSyntax,
 * namingViolation to entryAlreadyExists. Anything else is about the server or our rights there, and would meet every entry.
 */
const entryRefusals: ReadonlySet<number> = new Set([17, 18, 19, 20, 21, 34, 64, 65, 67, 68])

function whenRefused(error: unknown): string {
  if (error instanceof ResultCodeError && entryRefusals.has(error.code)) return error.message
  throw error
}

const attributeList = (attributes: Readonly<Record<string, readonly LdapValue[]>>): Attribute[] => Object.entries(attributes).map(([type, values]) => attribute(type, values))

const attribute = (type: string, values: readonly LdapValue[]): Attribute => new Attribute({ type, values: values.map((value) => Buffer.from(value as string)) })

/** Replacing by no value removes the attribute (RFC 4511 §4.6). */
const change = (type: string, values: readonly LdapValue[]): Change => new Change({ operation: "replace", modification: attribute(type, values) })

/** The base entry takes its class from its name: `dc=`, `o=` or `ou=`. */
function baseAttributes(baseDn: string): Attribute[] {
  const part = firstPart(baseDn)
  if (part?.type === "dc") return attributeList({ objectClass: ["top", "dcObject", "organization"], dc: [part.value], o: [part.value] })
  if (part?.type === "o") return attributeList({ objectClass: ["top", "organization"], o: [part.value] })
  if (part?.type === "ou") return attributeList({ objectClass: ["top", "organizationalUnit"], ou: [part.value] })
  throw new Error(`ldap.baseDn "${baseDn}" begins with none of dc=, o= and ou=, so its entry must be made by hand`)
}

function presentEntry(entry: Entry): PresentEntry {
  const attributes: Partial<Record<ManagedAttribute, readonly LdapValue[]>> = {}
  for (const name of managedAttributes) attributes[name] = valuesOf(entry, name)
  const uid = attributes.uid?.[0]
  return { dn: entry.dn, uid: typeof uid === "string" ? uid : "", digest: entryDigest(attributes as LdapAttributes) }
}

const valuesOf = (entry: Entry | undefined, name: string): readonly LdapValue[] => {
  const value = entry?.[name] ?? []
  return Array.isArray(value) ? value : [value]
}
