import type { Acceptance } from "../acceptance-store.ts"
import type { PreparedContent } from "../content-store.ts"
import { contentColumns, contentRowsSql, insertContentsSql, shapedContentValues } from "./content-rows.ts"
import { decisionArrays, insertDecisionsSql } from "./decisions.ts"
import { notifiedSql, notifiedArrays } from "./campaigns.ts"
import { evidenceArrays, evidenceColumns, evidenceSql } from "./evidence.ts"
import { noPlacedColumns, placedColumns, type PlacedRow, placeJobsSql, placeNameSql } from "./place-messages.ts"
import { insertReportMailSql } from "./report-mail.ts"
import { insertWarningsSql, warningsValue } from "./sender-warnings.ts"

/** Two sweeps would find a delivery before its first job could have run; this keeps them off (ms). */
const firstLeaseMs = 5_000

const statements = new Map<string, { readonly name: string; readonly text: string }>()

/**
 * What an acceptance writes, for several messages in one statement of the shape `contents` (`contentShape`): a round trip and an fsync however many they are.
 * Deliveries that are to be made at once become messages in it, too; where somebody else has the mailbox's row, the delivery waits for a worker
 * instead of holding up the acceptance. Unsigned messages do not pay for evidence, nor those that are no reports for reports, letters not for the marks of
 * notifications.
 */
export function acceptStatement(contents: number, { withEvidence, withReports, withNotified }: AcceptForm): { readonly name: string; readonly text: string } {
  const name = `accept-${contents}${withEvidence ? "-evidence" : ""}${withReports ? "-reports" : ""}${withNotified ? "-notified" : ""}`
  const known = statements.get(name)
  if (known) return known
  const p = (index: number): string => `$${contents * contentColumns + index}`
  const beforeEvidence = withReports ? 37 : 36
  const marks = notifiedSql((index) => p(beforeEvidence + (withEvidence ? evidenceColumns : 0) + index))
  const text = `
    WITH ${withNotified ? marks.mark : ""} e AS (
      INSERT INTO envelope (id, content, sha256, size, source, reverse_path, ret, envid, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at, marks)
      SELECT t.id, t.content, t.sha256, t.size, t.source, t.reverse_path, t.ret, t.envid, t.require_tls, t.smtp_utf8, t.trace_prefix, t.message_id, to_timestamp(t.accepted_at / 1000.0), t.marks
      FROM unnest(${p(1)}::bigint[], ${p(2)}::bytea[], ${p(3)}::bytea[], ${p(4)}::bigint[], ${p(5)}::text[], ${p(6)}::text[], ${p(7)}::text[], ${p(8)}::text[],
                  ${p(9)}::boolean[], ${p(10)}::boolean[], ${p(11)}::text[], ${p(12)}::text[], ${p(13)}::float8[], ${p(14)}::bigint[], ${p(15)}::text[])
           AS t (id, content, sha256, size, source, reverse_path, ret, envid, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at, directory_version, marks)
      JOIN directory_version v ON v.version = t.directory_version ${withNotified ? marks.where : ""}
      RETURNING id, content, marks, size + octet_length(trace_prefix) AS size, date_trunc('second', accepted_at) AS internal_date, reverse_path
    ), job AS (
      SELECT t.id, e.id AS envelope_id, e.content, e.marks, m.keywords, e.size, e.internal_date, m.id AS mailbox_id
      FROM unnest(${p(20)}::bigint[], ${p(21)}::bigint[], ${p(23)}::bigint[], ${p(27)}::text[]) AS t (id, envelope_id, account_id, state)
      JOIN e ON e.id = t.envelope_id JOIN mailbox m ON m.account_id = t.account_id AND m.name = ${placeNameSql("t.account_id")}
      WHERE t.state = 'delivered'
      ORDER BY m.id, t.id
      FOR NO KEY UPDATE OF m SKIP LOCKED
    ), ${placeJobsSql}, d AS (
      INSERT INTO delivery (id, envelope_id, recipient, account_id, original_recipient, notify, next_attempt_at, expires_at, state, queued_at, settled_at, status, dsn_owed)
      SELECT t.id, t.envelope_id, t.recipient, t.account_id, t.original_recipient, string_to_array(t.notify, ','), clock_timestamp() + interval '${firstLeaseMs} milliseconds', to_timestamp(t.expires_at / 1000.0),
        CASE WHEN job.id IS NOT NULL THEN 'delivered' WHEN t.state = 'delivered' THEN 'waiting' ELSE t.state END::delivery_state,
        CASE WHEN job.id IS NOT NULL THEN clock_timestamp() END, CASE WHEN job.id IS NOT NULL THEN clock_timestamp() END, CASE WHEN job.id IS NULL THEN '' ELSE '2.0.0' END,
        CASE WHEN job.id IS NOT NULL AND e.reverse_path <> '' AND 'success' = ANY (string_to_array(t.notify, ',')) THEN ARRAY['success'] ELSE '{}' END
      FROM unnest(${p(20)}::bigint[], ${p(21)}::bigint[], ${p(22)}::text[], ${p(23)}::bigint[], ${p(24)}::text[], ${p(25)}::text[], ${p(26)}::float8[], ${p(27)}::text[])
           AS t (id, envelope_id, recipient, account_id, original_recipient, notify, expires_at, state)
      JOIN e ON e.id = t.envelope_id LEFT JOIN job ON job.id = t.id
    ), h AS (
      INSERT INTO held_message (envelope_id, kind, rule_id, reason_vi, reason_en, notify, recipients_may_release, approvers)
      SELECT t.envelope_id, t.held->>'kind', t.held->>'ruleId', t.held->>'reasonVi', t.held->>'reasonEn', ARRAY(SELECT jsonb_array_elements_text(t.held->'notify')), coalesce((t.held->>'recipientsMayRelease')::boolean, false),
        ARRAY(SELECT jsonb_array_elements_text(coalesce(t.held->'approvers', '[]')))
      FROM unnest(${p(16)}::bigint[], ${p(19)}::jsonb[]) AS t (envelope_id, held)
      JOIN e ON e.id = t.envelope_id
      WHERE t.held IS NOT NULL
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, client_address, envelope_id, detail)
      SELECT 'message.accepted', t.facts->>'principalId', (t.facts->>'accountId')::bigint, t.client_address, t.envelope_id, t.facts
      FROM unnest(${p(16)}::bigint[], ${p(17)}::text[], ${p(18)}::jsonb[]) AS t (envelope_id, client_address, facts)
      JOIN e ON e.id = t.envelope_id
    ), p AS (
      ${insertDecisionsSql(p, 28, "JOIN e ON e.id = t.envelope_id")}
    ), w AS (
      ${insertWarningsSql(p(16), p(36))}
    )${contents === 0 ? "" : `, c AS (${insertContentsSql(contentRowsSql(contents), "WHERE c.hash IN (SELECT content FROM e)")})`}${withReports ? `, rm AS (${insertReportMailSql(p(16), p(37))})` : ""}${withEvidence ? `,${evidenceSql((index) => p(beforeEvidence + index))}` : ""}
    SELECT delivery_id, ${placedColumns}, NULL::bigint AS envelope_id, NULL::text AS blob_key FROM placed
    UNION ALL SELECT NULL, ${noPlacedColumns}, id, NULL FROM e${contents === 0 ? "" : `
    UNION ALL SELECT NULL, ${noPlacedColumns}, NULL, blob_key FROM c WHERE blob_key IS NOT NULL`}`
  const statement = { name, text }
  statements.set(name, statement)
  return statement
}

/** Where a message was placed, or that an envelope was written, or that a blob was taken. */
export type AcceptRow =
  | (PlacedRow & { readonly delivery_id: number; readonly envelope_id: null; readonly blob_key: null })
  | { readonly delivery_id: null; readonly envelope_id: number | null; readonly blob_key: string | null }

/** An acceptance with the ids that it will have. */
export interface Planned {
  readonly acceptance: Acceptance
  /** Its deliveries to mailboxes here are made with it. */
  readonly atOnce: boolean
  /** The marks of a notification are made by another statement of its transaction. */
  readonly marked: boolean
  readonly envelopeId: number
  readonly deliveryIds: readonly number[]
}

function envelopeArrays(planned: readonly Planned[]): unknown[] {
  const column = <T>(value: (plan: Planned) => T): T[] => planned.map(value)
  return [
    column(({ envelopeId }) => envelopeId),
    column(({ acceptance }) => acceptance.content.ref),
    column(({ acceptance }) => acceptance.content.sha256),
    column(({ acceptance }) => acceptance.content.size),
    column(({ acceptance }) => acceptance.source),
    column(({ acceptance }) => acceptance.envelope.reversePath),
    column(({ acceptance }) => acceptance.envelope.ret ?? null),
    column(({ acceptance }) => acceptance.envelope.envelopeId ?? null),
    column(({ acceptance }) => acceptance.envelope.requireTls),
    column(({ acceptance }) => acceptance.envelope.smtpUtf8),
    column(({ acceptance }) => acceptance.tracePrefix),
    column(({ acceptance }) => acceptance.content.structure.messageId),
    column(({ acceptance }) => acceptance.acceptedAt),
    column(({ acceptance }) => acceptance.directoryVersion),
    column(({ acceptance }) => (acceptance.marks ?? []).join(" ")),
    column(({ envelopeId }) => envelopeId),
    column(({ acceptance }) => acceptance.session.clientAddress),
    column(({ acceptance }) => JSON.stringify({ ...acceptance.session, recipients: acceptance.deliveries.length })),
    column(({ acceptance }) => (acceptance.held ? JSON.stringify(acceptance.held) : null)),
  ]
}

function deliveryArrays(planned: readonly Planned[]): unknown[] {
  const rows = planned.flatMap(({ acceptance, envelopeId, deliveryIds, atOnce }) =>
    acceptance.deliveries.map((delivery, index) => ({ ...delivery, id: deliveryIds[index], envelopeId, state: acceptance.held ? "held" : atOnce && delivery.accountId !== null ? "delivered" : "waiting" })),
  )
  return [
    rows.map(({ id }) => id),
    rows.map(({ envelopeId }) => envelopeId),
    rows.map(({ recipient }) => recipient),
    rows.map(({ accountId }) => accountId),
    rows.map(({ originalRecipient }) => originalRecipient),
    rows.map(({ notify }) => notify.join(",")),
    rows.map(({ expiresAt }) => expiresAt),
    rows.map(({ state }) => state),
  ]
}

const decisionsOf = (planned: readonly Planned[]): unknown[] =>
  decisionArrays(planned.flatMap(({ acceptance: { decision }, envelopeId }) => (decision ? [{ envelopeId, decision }] : [])))

/** The values of `acceptStatement`, in the order of its parameters. */
export const acceptValues = (contents: readonly PreparedContent[], planned: readonly Planned[]): unknown[] => [
  ...shapedContentValues(contents), ...envelopeArrays(planned), ...deliveryArrays(planned), ...decisionsOf(planned), planned.map(({ acceptance }) => warningsValue(acceptance.senderWarnings)),
  ...(hasReports(planned) ? [planned.map(({ acceptance }) => acceptance.reportMail === true)] : []), ...evidenceValues(planned), ...notifiedValues(planned),
]

const evidenceValues = (planned: readonly Planned[]): unknown[] => hasEvidence(planned) ? evidenceArrays(planned.flatMap(({ acceptance: { evidence }, envelopeId }) => (evidence ? [{ envelopeId, evidence }] : []))) : []

const notifiedValues = (planned: readonly Planned[]): unknown[] =>
  hasNotified(planned) ? notifiedArrays(planned.flatMap(({ acceptance: { notified, directoryVersion }, envelopeId, marked }) => (notified && !marked ? notified.recipients.map((n) => ({ envelopeId, directoryVersion, notificationId: notified.notificationId, n })) : []))) : []

const hasEvidence = (planned: readonly Planned[]): boolean => planned.some(({ acceptance }) => acceptance.evidence)
const hasReports = (planned: readonly Planned[]): boolean => planned.some(({ acceptance }) => acceptance.reportMail)
const hasNotified = (planned: readonly Planned[]): boolean => planned.some(({ acceptance, marked }) => acceptance.notified && !marked)

/** What a statement for these writes beside the messages. */
export interface AcceptForm {
  readonly withEvidence: boolean
  readonly withReports: boolean
  readonly withNotified: boolean
}

export const acceptForm = (planned: readonly Planned[]): AcceptForm => ({ withEvidence: hasEvidence(planned), withReports: hasReports(planned), withNotified: hasNotified(planned) })
