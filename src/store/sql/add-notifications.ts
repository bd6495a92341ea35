import type { PreparedContent } from "../content-store.ts"
import type { NewNotification, NewRecipient } from "../notification-store.ts"
import { contentColumns, contentRowsSql, contentShape, distinctContents, insertContentsSql, shapedContentValues } from "./content-rows.ts"
import type { Database } from "./database.ts"

/** What stores notifications, several in one statement: a round trip and a commit, however many systems ask at once. */
export interface AddedNotification {
  /** Null: its idempotency key was there. */
  readonly id: number | null
}

export interface Added {
  /** In the order of the notifications. */
  readonly notifications: readonly AddedNotification[]
  /** The blobs that rows took. */
  readonly blobKeys: ReadonlySet<string>
}

/** `recipients` of each: the first ones, or all. */
export async function addNotifications(on: Pick<Database, "query">, asked: readonly { readonly notification: NewNotification; readonly recipients: readonly NewRecipient[] }[]): Promise<Added> {
  const contents = distinctContents(asked.flatMap(({ notification: { message } }) => (message.kind === "same" ? [message.content] : [])))
  const rows = await on.query<AddedRow>(statement(contentShape(contents.length)), [...shapedContentValues(contents), ...headArrays(asked.map(({ notification }) => notification)), ...recipientArrays(asked)])
  const ids = new Map(rows.map(({ k, id }) => [k, id]))
  return { notifications: asked.map((_, index) => ({ id: ids.get(index + 1) ?? null })), blobKeys: new Set(rows.flatMap(({ blob_key }) => blob_key ?? [])) }
}

/** A notification that was stored, or a blob that was taken. */
interface AddedRow {
  readonly k: number | null
  readonly id: number | null
  readonly blob_key: string | null
}

const contentOf = ({ message }: NewNotification): PreparedContent | undefined => (message.kind === "same" ? message.content : undefined)

function headArrays(all: readonly NewNotification[]): unknown[] {
  const column = <T>(value: (one: NewNotification) => T): T[] => all.map(value)
  return [
    column(({ accountId }) => accountId), column(({ principalId }) => principalId), column(({ tokenId }) => tokenId), column(({ source }) => source), column(({ idempotencyKey }) => idempotencyKey), column(({ requestSha256 }) => requestSha256),
    column(({ priority }) => priority), column(({ acceptedAt }) => acceptedAt), column(({ sendAt }) => sendAt), column(({ expiresAt }) => expiresAt), column((one) => contentOf(one)?.ref ?? null),
    column(({ message }) => (message.kind === "each" ? message.sealed : null)), column(({ template }) => template?.name ?? null), column(({ template }) => template?.version ?? null), column(({ recipients }) => recipients.length), column(({ webhook }) => webhook),
  ]
}
const headColumns = 16

function recipientArrays(asked: readonly { readonly recipients: readonly NewRecipient[] }[]): unknown[] {
  const rows = asked.flatMap(({ recipients }, index) => recipients.map((recipient, at) => ({ ...recipient, k: index + 1, n: at + 1 })))
  return [rows.map(({ k }) => k), rows.map(({ n }) => n), rows.map(({ address }) => address), rows.map(({ asked }) => asked), rows.map(({ data }) => data)]
}

const statements = new Map<number, { readonly name: string; readonly text: string }>()

/** Of the shape `contents` (`contentShape`). Ids are taken before the rows are there, so that recipients and answers find theirs; one that another took the key of costs a number. */
function statement(contents: number): { readonly name: string; readonly text: string } {
  const known = statements.get(contents)
  if (known) return known
  const p = (index: number): string => `$${contents * contentColumns + index}`
  const at = (column: string): string => `to_timestamp(t.${column} / 1000)`
  const text = `
    WITH t AS MATERIALIZED (
      SELECT nextval(pg_get_serial_sequence('notification', 'id')) AS id, t.*
      FROM unnest(${p(1)}::bigint[], ${p(2)}::text[], ${p(3)}::bigint[], ${p(4)}::text[], ${p(5)}::text[], ${p(6)}::bytea[], ${p(7)}::smallint[], ${p(8)}::float8[], ${p(9)}::float8[], ${p(10)}::float8[],
                  ${p(11)}::bytea[], ${p(12)}::bytea[], ${p(13)}::text[], ${p(14)}::int[], ${p(15)}::int[], ${p(16)}::boolean[]) WITH ORDINALITY
           AS t (account_id, principal_id, token_id, source, idempotency_key, request_sha256, priority, accepted_at, send_at, expires_at, content, source_data, template, template_version, recipient_count, webhook, k)
    ), n AS (
      INSERT INTO notification (id, account_id, principal_id, token_id, source, idempotency_key, request_sha256, priority, accepted_at, send_at, expires_at, next_at, content, source_data, template, template_version, recipient_count, webhook_token_id)
      OVERRIDING SYSTEM VALUE
      SELECT t.id, t.account_id, t.principal_id, t.token_id, t.source, t.idempotency_key, t.request_sha256, t.priority, ${at("accepted_at")}, ${at("send_at")}, ${at("expires_at")}, ${at("send_at")}, t.content, t.source_data, t.template,
        t.template_version, t.recipient_count, CASE WHEN t.webhook THEN t.token_id END
      FROM t ORDER BY t.k
      ON CONFLICT (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id, content
    ), r AS (
      INSERT INTO notification_recipient (notification_id, n, address, asked, data)
      SELECT n.id, x.n, x.address, x.asked, x.data
      FROM unnest(${p(headColumns + 1)}::int[], ${p(headColumns + 2)}::int[], ${p(headColumns + 3)}::text[], ${p(headColumns + 4)}::text[], ${p(headColumns + 5)}::bytea[]) AS x (k, n, address, asked, data)
      JOIN t ON t.k = x.k JOIN n ON n.id = t.id
    )${contents === 0 ? "" : `, c AS (${insertContentsSql(contentRowsSql(contents), "WHERE c.hash IN (SELECT content FROM n)")})`}
    SELECT t.k::int, t.id, NULL::text AS blob_key FROM t JOIN n ON n.id = t.id${contents === 0 ? "" : " UNION ALL SELECT NULL, NULL, blob_key FROM c WHERE blob_key IS NOT NULL"}`
  const made = { name: `add-notifications-${contents}`, text }
  statements.set(contents, made)
  return made
}
