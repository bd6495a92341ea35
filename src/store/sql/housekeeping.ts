import type { Clock } from "../../base/clock.ts"
import type { BlobStore } from "../blob/blob-store.ts"
import type { Housekeeping } from "../housekeeping.ts"
import type { Database } from "./database.ts"
import { loadIndex, readHead } from "./mailbox-log.ts"
import { createRevocationStore } from "./revocations.ts"

/**
 * A content goes in two steps: marked when nothing refers to it, deleted a grace period later if still nothing does.
 * Whoever refers to it in between takes the mark away in its own transaction (content-rows.ts), and the delete looks again
 * under the row's lock; so no message can lose its content. Must not know: when it is run.
 */
export function createHousekeeping({ database, blobs, clock }: { readonly database: Database; readonly blobs: BlobStore; readonly clock: Clock }): Housekeeping {
  return {
    async markOrphans() {
      let marked = 0
      for (let after: Buffer | null = Buffer.alloc(0); after !== null; ) {
        const [page]: MarkedPage[] = await database.query<MarkedPage>(markOrphans, [after, pageSize])
        marked += page?.marked ?? 0
        after = page?.last ?? null
      }
      return marked
    },
    async deleteOrphans(graceMs) {
      await database.query(unmarkReferred)
      let deleted = 0
      for (let more = true; more; ) {
        const rows = await database.query<{ blob_key: string | null }>(deleteOrphans, [graceMs, pageSize])
        for (const { blob_key } of rows) if (blob_key !== null) await blobs.remove(blob_key)
        deleted += rows.length
        more = rows.length === pageSize
      }
      return deleted
    },
    async sweepBlobs(olderThanMs) {
      let swept = 0
      let page: string[] = []
      const sweepPage = async (): Promise<void> => {
        const kept = new Set((await database.query<{ blob_key: string }>(namedBlobs, [page])).map(({ blob_key }) => blob_key))
        for (const key of page) {
          if (kept.has(key)) continue
          await blobs.remove(key)
          swept++
        }
        page = []
      }
      for await (const key of blobs.list(clock.now() - olderThanMs)) if (page.push(key) === pageSize) await sweepPage()
      if (page.length > 0) await sweepPage()
      return swept
    },
    async foldLogs() {
      const rows = await database.query<{ id: number }>(longLogs, [foldBehind, pageSize])
      for (const { id } of rows) {
        const head = await readHead(database, id)
        if (head) await loadIndex(database, id, head)
      }
      return rows.length
    },
    deleteRevocations: (olderThanMs) => createRevocationStore({ database }).deleteUnused(clock.now() - olderThanMs),
  }
}

const pageSize = 1000
/** Twice what makes a reader fold by itself: mailboxes that nobody opens. */
const foldBehind = 2000

interface MarkedPage {
  readonly marked: number
  readonly last: Buffer | null
}

/** What keeps a content: a message, a delivery that is not settled, a DSN that is still to quote it, a notification that is still to be sent. */
const referred = `EXISTS (SELECT FROM message m WHERE m.content = c.hash)
  OR EXISTS (SELECT FROM envelope e JOIN delivery d ON d.envelope_id = e.id WHERE e.content = c.hash AND (d.state IN ('waiting', 'held', 'deferred') OR d.dsn_owed <> '{}'))
  OR EXISTS (SELECT FROM notification n WHERE n.content = c.hash AND n.state = 'waiting')`

const markOrphans = {
  name: "mark-orphans",
  text: `
    WITH page AS (SELECT hash FROM content WHERE hash > $1 ORDER BY hash LIMIT $2),
    marked AS (UPDATE content c SET orphaned_at = clock_timestamp() FROM page WHERE c.hash = page.hash AND c.orphaned_at IS NULL AND NOT (${referred}) RETURNING 1)
    SELECT (SELECT count(*) FROM marked) AS marked, (SELECT hash FROM page ORDER BY hash DESC LIMIT 1) AS last`,
}

const unmarkReferred = { name: "unmark-referred", text: `UPDATE content c SET orphaned_at = NULL WHERE c.orphaned_at IS NOT NULL AND (${referred})` }

const deleteOrphans = {
  name: "delete-orphans",
  text: `
    DELETE FROM content c
    WHERE c.hash IN (SELECT hash FROM content WHERE orphaned_at <= clock_timestamp() - $1 * interval '1 millisecond' LIMIT $2 FOR UPDATE SKIP LOCKED) AND NOT (${referred})
    RETURNING c.blob_key`,
}

const namedBlobs = { name: "named-blobs", text: "SELECT blob_key FROM content WHERE blob_key = ANY ($1::text[])" }

const longLogs = {
  name: "long-logs",
  text: "SELECT m.id FROM mailbox m LEFT JOIN mailbox_snapshot s ON s.mailbox_id = m.id WHERE m.highest_modseq - coalesce(s.modseq, 0) > $1 OR m.messages > $1 AND s.modseq IS NULL LIMIT $2",
}
