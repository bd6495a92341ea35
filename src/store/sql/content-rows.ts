import type { PreparedContent } from "../content-store.ts"

/**
 * The part of a statement that stores contents, shared by acceptance and APPEND. A content that is already there is kept
 * and, if housekeeping had marked it, is referred to again. `blob_key` is returned, so that a blob written for nothing can go.
 */
export const contentColumns = 6

/** `VALUES` rows for `count` contents from parameter `$first` on. Bytes travel as binary parameters: an array would double them in hex. */
export const contentRowsSql = (count: number, first = 1): string =>
  Array.from({ length: count }, (_, row) => {
    const at = first + row * contentColumns
    return `($${at}::bytea, $${at + 1}::bigint, $${at + 2}::bytea, $${at + 3}::text, $${at + 4}::bytea, $${at + 5}::bytea)`
  }).join(", ")

export const contentRowValues = ({ ref, size, stored }: PreparedContent): unknown[] =>
  stored.kind === "kept" ? [ref, size, null, null, null, null] : [ref, size, stored.kind === "inline" ? stored.bytes : null, stored.kind === "blob" ? stored.key : null, stored.sealedStructure, stored.sealedSearchText]

/** How many rows a statement for `count` contents has: powers of two, as each number would be a statement of its own that PostgreSQL plans on each connection. */
export const contentShape = (count: number): number => (count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count)))

/** The values of a statement of that shape. What is left over has no hash: the caller's condition must be one that no NULL meets. */
export const shapedContentValues = (contents: readonly PreparedContent[]): unknown[] => [
  ...contents.flatMap(contentRowValues), ...Array.from({ length: (contentShape(contents.length) - contents.length) * contentColumns }, () => null),
]

/** `condition` lets the caller store nothing when its own precondition fails; it is a FROM item with a WHERE. */
export const insertContentsSql = (rows: string, condition = ""): string => `
  INSERT INTO content (hash, size, inline_bytes, blob_key, structure, search_text)
  SELECT c.hash, c.size, c.inline_bytes, c.blob_key, c.structure, c.search_text
  FROM (VALUES ${rows}) AS c (hash, size, inline_bytes, blob_key, structure, search_text) ${condition}
  ON CONFLICT (hash) DO UPDATE SET orphaned_at = NULL WHERE content.orphaned_at IS NOT NULL
  RETURNING hash, blob_key`

/** Those that have no row yet, one of each hash: a statement may not meet the same row twice. */
export const distinctContents = (contents: readonly PreparedContent[]): PreparedContent[] => [
  ...new Map(contents.filter(({ stored }) => stored.kind !== "kept").map((content) => [Buffer.from(content.ref).toString("latin1"), content])).values(),
]

/** Discards the blobs that no row took because the same content was stored already. */
export async function discardUnused(contents: readonly PreparedContent[], storedBlobKeys: ReadonlySet<string>): Promise<void> {
  for (const content of contents) {
    if (content.stored.kind === "blob" && !storedBlobKeys.has(content.stored.key)) await content.discard()
  }
}
