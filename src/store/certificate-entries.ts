/**
 * Recipients' certificates for address books: each account with those of its owner that can be used now. Must not know: LDAP, HTTP.
 */
export interface CertificateEntry {
  readonly accountId: number
  readonly address: string
  readonly displayName: string
  /** Of the account's unit, then of the units above it. */
  readonly unitNames: readonly string[]
  /** Of the person who owns the account; empty for an office. */
  readonly title: string
  /** DER, the one that lasts longest first; never empty. */
  readonly certificates: readonly Uint8Array[]
}

export interface CertificateBatch {
  /** The directory's when the batch was read; what is done with the first batch's version is done again when it has moved. */
  readonly version: number
  readonly entries: readonly CertificateEntry[]
}

export interface CertificateEntries {
  /**
   * In the order of account ids, a batch for each reading, so that nothing is locked or held while a slow reader works. Nothing at all
   * when the directory is still at version `since`.
   */
  batches(options?: { readonly since?: number; readonly batchSize?: number }): AsyncGenerator<CertificateBatch, void, undefined>
  /** Of one account, by its canonical address; undefined when there is no such account, or none that has a certificate. */
  find(address: string): Promise<CertificateEntry | undefined>
}
