/**
 * What is learnt of a message's bytes once, at intake, so that no client ever waits for a MIME parse.
 * Made by `content-scanner.ts` while the bytes stream past; stored beside the content, sealed like it.
 */
export interface ContentStructure {
  /** Raw top-level header block including the empty line that ends it; bytes as received. Empty when larger than `maxKeptHeaderBytes`: read it from the content then. */
  readonly header: Uint8Array
  /** Length of the header block in the content, its empty line included. */
  readonly headerBytes: number
  /** IMAP ENVELOPE value, ready to send (RFC 9051 §7.5.2 "ENVELOPE"), one char per byte. */
  readonly envelope: string
  /** IMAP BODY value without extension data (RFC 9051 §7.5.2 "BODY"), one char per byte. */
  readonly body: string
  /** IMAP BODYSTRUCTURE value with extension data, one char per byte. */
  readonly bodyStructure: string
  /** The part tree with byte offsets into the content. */
  readonly root: PartOffsets
  /** The Date: header as milliseconds since the epoch, null when absent or unreadable. */
  readonly sentAt: number | null
  /** The Message-ID header without angle brackets, empty when absent. */
  readonly messageId: string
}

/** One MIME part (RFC 2046 §5.1). Offsets are bytes from the start of the content; the multipart delimiter's CRLF belongs to no part. */
export interface PartOffsets {
  /** Start of the part's own MIME header (for the root: 0). */
  readonly headerStart: number
  /** First byte after the empty line that ends the header. */
  readonly bodyStart: number
  /** One past the last byte of the body. */
  readonly bodyEnd: number
  /** Lower case Content-Transfer-Encoding ("7bit" when absent), for BINARY and search. */
  readonly encoding: string
  /** Multipart: its parts in order. Otherwise empty. */
  readonly children: readonly PartOffsets[]
  /** message/rfc822 and message/global: the nested message's root; its headerStart is this part's bodyStart. */
  readonly message?: PartOffsets
  readonly multipart: boolean
}

/**
 * Text that SEARCH looks in: RFC 2047 and charset decoded, then folded with `foldForSearch`.
 * `header` has one "name: value" line for each top-level field, `body` the decoded text of all text parts (tags removed from HTML), nested messages included.
 */
export interface SearchText {
  readonly header: string
  readonly body: string
}
