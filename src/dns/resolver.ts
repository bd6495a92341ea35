/**
 * The DNS as mail needs it. What there is not is an answer, too; only a resolver that cannot tell is a failure, and whoever asks defers.
 * Must not know: mail.
 */
export interface DnsResolver {
  /** Never throws. Equal questions at one time share an answer; answers are remembered for as long as they say (RFC 1035 §3.2.1, RFC 2308 §5). */
  resolve<Type extends RecordType>(name: string, type: Type): Promise<DnsAnswer<RecordData[Type]>>
}

/** What each type's records look like here. Names are without the dot at their end and in lower case. */
export interface RecordData {
  /** An address in its usual notation. */
  readonly A: string
  readonly AAAA: string
  readonly MX: { readonly exchange: string; readonly preference: number }
  /** The strings of one record, put together (RFC 7208 §3.3). */
  readonly TXT: string
  readonly CNAME: string
  readonly PTR: string
  readonly NS: string
  readonly SRV: { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
  /** RFC 6698 §2.1 */
  readonly TLSA: { readonly usage: number; readonly selector: number; readonly matching: number; readonly association: Uint8Array }
}

export type RecordType = keyof RecordData

/**
 * `secure`: a validating resolver vouches for the answer with DNSSEC (the AD bit, RFC 6840 §5.8), for the absence of records as well.
 * An answer whose signatures are wrong is `failed`: validating resolvers say SERVFAIL (RFC 4035 §5.5).
 */
export type DnsAnswer<Data> =
  | { readonly kind: "records"; readonly records: readonly [Data, ...Data[]]; readonly secure: boolean; /** The end of the alias chain that was followed. */ readonly canonicalName: string }
  /** The name exists, but has no record of this type. */
  | { readonly kind: "noData"; readonly secure: boolean }
  /** The name does not exist (NXDOMAIN). */
  | { readonly kind: "noName"; readonly secure: boolean }
  /** Nobody knows now. `detail` is one English sentence. */
  | { readonly kind: "failed"; readonly detail: string }
