import { flagBits } from "../../mail/flag.ts"
import type { MessageSource } from "../acceptance-store.ts"
import { type DeliveryStory, maxStoryDeliveries, type Story, type StoryStore } from "../story-store.ts"
import type { Database } from "./database.ts"

/** Stories read from the rows that the message left behind; nothing is written for them. */
export function createStoryStore({ database }: { readonly database: Pick<Database, "query"> }): StoryStore {
  const story = async ({ id, ...envelope }: EnvelopeRow): Promise<Story> => {
    const deliveries = await database.query<DeliveryRow>(deliveriesOf, [id, maxStoryDeliveries])
    const { delivery_count: deliveryCount, ...facts } = envelope
    return { ...facts, envelopeId: id, deliveryCount, deliveries }
  }
  return {
    async byEnvelope(envelopeId) {
      const [row] = await database.query<EnvelopeRow>(envelopeById, [envelopeId])
      return row ? story(row) : undefined
    },
    async byMessageId(messageId, limit) {
      const rows = await database.query<EnvelopeRow>(envelopesByMessageId, [messageId, limit])
      return Promise.all(rows.map(story))
    },
  }
}

interface EnvelopeRow {
  readonly id: number
  readonly messageId: string
  readonly reversePath: string
  readonly source: MessageSource
  readonly size: number
  readonly sha256: Buffer
  readonly acceptedAt: number
  readonly committedAt: number
  readonly delivery_count: number
}

type DeliveryRow = DeliveryStory

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

/** The true time of the commit where PostgreSQL keeps it; it forgets those of rows long frozen. */
const committed = "coalesce(CASE WHEN current_setting('track_commit_timestamp') = 'on' THEN pg_xact_commit_timestamp(e.xmin) END, e.inserted_at)"

const envelope = `
  SELECT e.id, e.message_id AS "messageId", e.reverse_path AS "reversePath", e.source, e.size, e.sha256, ${ms("e.accepted_at")} AS "acceptedAt", ${ms(committed)} AS "committedAt",
    (SELECT count(*) FROM delivery d WHERE d.envelope_id = e.id) AS delivery_count
  FROM envelope e`

const envelopeById = { name: "story-envelope", text: `${envelope} WHERE e.id = $1` }

const envelopesByMessageId = { name: "story-message-id", text: `${envelope} WHERE e.message_id = $1 ORDER BY e.accepted_at DESC, e.id DESC LIMIT $2` }

/** What was done within the acceptance was done when it was committed. Seen: the first change of the mailbox's log that set \\Seen on a range with the message in it. */
const deliveriesOf = {
  name: "story-deliveries",
  text: `
    SELECT d.id AS "deliveryId", d.recipient, d.account_id IS NOT NULL AS local, d.state, d.attempts, d.status, d.diagnostic, d.remote_mta AS "remoteMta",
      ${ms(`greatest(d.queued_at, CASE WHEN d.queued_at IS NOT NULL THEN ${committed} END)`)} AS "queuedAt", ${ms(`greatest(d.settled_at, CASE WHEN d.settled_at IS NOT NULL THEN ${committed} END)`)} AS "settledAt",
      CASE WHEN d.state = 'deferred' THEN ${ms("d.next_attempt_at")} END AS "nextAttemptAt", ${ms("seen.at")} AS "seenAt"
    FROM delivery d JOIN envelope e ON e.id = d.envelope_id
    LEFT JOIN LATERAL (
      SELECT c.at FROM message m JOIN mailbox_change c ON c.mailbox_id = m.mailbox_id AND c.modseq > m.modseq
      WHERE m.delivery_id = d.id AND c.operation = 'flags' AND c.set_mask & ${flagBits.seen} <> 0
        AND EXISTS (SELECT FROM generate_series(1, array_length(c.uid_ranges, 1), 2) AS i WHERE m.uid BETWEEN c.uid_ranges[i] AND c.uid_ranges[i + 1])
      ORDER BY c.modseq LIMIT 1
    ) seen ON true
    WHERE d.envelope_id = $1 ORDER BY d.id LIMIT $2`,
}
