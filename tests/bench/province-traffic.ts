import { setTimeout as wait } from "node:timers/promises"
import { createOverviewStore } from "../../src/store/sql/overview.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { message } from "./messages.ts"
import type { Province } from "./province.ts"
import { SmtpClient } from "./smtp-client.ts"
import type { Target } from "./target.ts"

/**
 * A month of a province's mail. Some letters go the real way; what the server wrote of each is then copied with other ids, times and mailboxes until there
 * is as much as asked for. Beside them what a page would hardly show otherwise: what waits, what is held, sessions, lockouts, reports.
 */
const letters = 200
const relayed = 20
export const messagesOfMonth = 100_000
const patienceMs = 120_000

export async function fillProvince(target: Target, { database, mail }: Province): Promise<void> {
  const inboxes = await database.query<{ address: string }>({ text: "SELECT address FROM account WHERE suspended_at IS NULL ORDER BY md5(address) LIMIT $1" }, [letters])
  const relay = await SmtpClient.open({ host: target.host, port: target.ports.smtp })
  const from = "van.thu@bo.example.test"
  for (const { address } of inboxes) await relay.send({ reversePath: from, recipients: [address], message: message({ from, to: address, bytes: 8_192, subject: "V/v báo cáo tiến độ" }) })
  relay.close()
  const submission = await SmtpClient.open({ host: target.host, port: target.ports.submission, login: { username: mail.address, password: mail.password } })
  for (let count = 0; count < relayed; count++) {
    const to = `nguoi-nhan-${count}@ngoai-tinh.example.test`
    await submission.send({ reversePath: mail.address, recipients: [to], message: message({ from: mail.address, to, bytes: 8_192 }) })
  }
  submission.close()
  await target.settled()
  await database.transaction(async (tx) => {
    // notices are delivered meanwhile
    await tx.query({ text: "LOCK TABLE mailbox, message IN SHARE ROW EXCLUSIVE MODE" })
    // a foreign key asked for each of half a million rows takes longer than all else
    await tx.query({ text: "SET LOCAL session_replication_role = replica" })
    for (const text of statements) await tx.query({ text })
  })
  await createOverviewStore({ database }).count(Date.now())
  await sealed(database)
}

/** The worker has the whole audit in its chain: until then it has more to do than it usually has. */
async function sealed(database: Database): Promise<void> {
  for (let waited = 0; ; waited += 500) {
    const [row] = await database.query<{ left: number }>({ text: "SELECT (SELECT count(*) FROM audit) - (SELECT count(*) FROM audit_seal) AS left" })
    if ((row?.left ?? 0) < 100) return
    if (waited > patienceMs) throw new Error(`the audit was not sealed within ${patienceMs / 1000} s`)
    await wait(500)
  }
}

/** Of 100: 85 into mailboxes here, 15 to others; copy number n is of the sample with the same place in its list. */
const statements: readonly string[] = [
  `CREATE TABLE bench_sample AS SELECT d.envelope_id, d.id AS delivery_id, d.state, row_number() OVER (PARTITION BY d.state ORDER BY d.id) AS place, count(*) OVER (PARTITION BY d.state) AS places
    FROM delivery d WHERE d.state IN ('delivered', 'relayed')`,
  `CREATE TABLE bench_envelope_id AS SELECT block + step AS id, row_number() OVER () AS n FROM (SELECT nextval('envelope_id') AS block FROM generate_series(1, ${messagesOfMonth / 1_000})) AS b, generate_series(0, 999) AS step`,
  `CREATE TABLE bench_delivery_id AS SELECT block + step AS id, row_number() OVER () AS n FROM (SELECT nextval('delivery_id') AS block FROM generate_series(1, ${messagesOfMonth / 10_000})) AS b, generate_series(0, 9999) AS step`,
  `CREATE TABLE bench_account AS SELECT a.id AS account_id, a.address, m.id AS mailbox_id, m.uid_next, m.highest_modseq, row_number() OVER () AS n, count(*) OVER () AS accounts FROM account a JOIN mailbox m ON m.account_id = a.id AND m.name = 'INBOX' WHERE a.suspended_at IS NULL`,
  `CREATE TABLE bench_copy AS
    SELECT e.n, e.id AS envelope_id, d.id AS delivery_id, s.envelope_id AS of_envelope, s.delivery_id AS of_delivery, s.state, a.account_id, a.address, a.mailbox_id, a.uid_next, a.highest_modseq, now() - interval '30 days' * (e.n::float8 / ${messagesOfMonth}) AS at
    FROM bench_envelope_id e JOIN bench_delivery_id d USING (n)
      JOIN bench_sample s ON s.state::text = CASE WHEN e.n % 100 < 85 THEN 'delivered' ELSE 'relayed' END AND s.place = e.n % s.places + 1
      JOIN bench_account a ON a.n = e.n % a.accounts + 1`,
  "CREATE INDEX ON bench_copy (of_envelope)",
  "INSERT INTO envelope SELECT r.* FROM bench_copy c JOIN envelope e ON e.id = c.of_envelope, jsonb_populate_record(e, jsonb_build_object('id', c.envelope_id, 'accepted_at', c.at, 'inserted_at', c.at, 'message_id', 'bench.' || c.n || '@bo.example.test')) AS r",
  `INSERT INTO delivery SELECT r.* FROM bench_copy c JOIN delivery d ON d.id = c.of_delivery, jsonb_populate_record(d, jsonb_build_object('id', c.delivery_id, 'envelope_id', c.envelope_id, 'next_attempt_at', c.at, 'expires_at', c.at + interval '5 days', 'settled_at', c.at)
      || CASE WHEN c.state = 'delivered' THEN jsonb_build_object('recipient', c.address, 'account_id', c.account_id, 'original_recipient', c.address) ELSE '{}' END) AS r`,
  "INSERT INTO attempt SELECT r.* FROM bench_copy c JOIN attempt t ON t.delivery_id = c.of_delivery, jsonb_populate_record(t, jsonb_build_object('delivery_id', c.delivery_id, 'started_at', c.at, 'ended_at', c.at)) AS r",
  `INSERT INTO message SELECT r.* FROM (SELECT *, row_number() OVER (PARTITION BY mailbox_id ORDER BY n DESC) - 1 AS k FROM bench_copy WHERE state = 'delivered') AS c JOIN message m ON m.delivery_id = c.of_delivery,
    jsonb_populate_record(m, jsonb_build_object('mailbox_id', c.mailbox_id, 'uid', c.uid_next + c.k, 'modseq', c.highest_modseq + 1 + c.k, 'envelope_id', c.envelope_id, 'delivery_id', c.delivery_id, 'internal_date', c.at, 'saved_at', c.at)) AS r`,
  `UPDATE mailbox m SET uid_next = m.uid_next + s.n, highest_modseq = m.highest_modseq + s.n, messages = m.messages + s.n, unseen = m.unseen + s.n, bytes = m.bytes + s.bytes
    FROM (SELECT c.mailbox_id, count(*) AS n, sum(g.size) AS bytes FROM bench_copy c JOIN message g ON g.delivery_id = c.delivery_id GROUP BY c.mailbox_id) AS s WHERE m.id = s.mailbox_id`,
  "INSERT INTO policy_decision OVERRIDING SYSTEM VALUE SELECT r.* FROM bench_copy c JOIN policy_decision p ON p.envelope_id = c.of_envelope, jsonb_populate_record(p, jsonb_build_object('id', nextval(pg_get_serial_sequence('policy_decision', 'id')), 'at', c.at, 'envelope_id', c.envelope_id)) AS r",
  `INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT r.* FROM bench_copy c JOIN audit a ON a.envelope_id = c.of_envelope, jsonb_populate_record(a, jsonb_build_object('id', nextval(pg_get_serial_sequence('audit', 'id')), 'at', c.at, 'envelope_id', c.envelope_id)) AS r`,
  `INSERT INTO audit (at, kind, account_id, principal_id, client_address, detail)
    SELECT now() - interval '30 days' * (i::float8 / 30000), (ARRAY['signIn.failed', 'signIn.succeeded', 'access.opened', 'account.change'])[i % 4 + 1], a.account_id, NULL, '192.0.2.' || i % 250,
      CASE WHEN i % 4 = 3 THEN jsonb_build_object('key', a.address, 'before', jsonb_build_object('displayName', 'A'), 'after', jsonb_build_object('displayName', 'B')) ELSE jsonb_build_object('service', 'imap') END
    FROM generate_series(1, 30000) AS i JOIN bench_account a ON a.n = i % a.accounts + 1`,
  // what waits: 2,000 for other servers, 500 for a person
  `UPDATE delivery d SET state = 'deferred', settled_at = NULL, next_attempt_at = now() + interval '10 days', expires_at = now() + interval '20 days', status = '4.7.1', diagnostic = '450 4.7.1 try again later', bounce_class = 'greylisted'
    FROM bench_copy c WHERE d.id = c.delivery_id AND c.n IN (SELECT n FROM bench_copy WHERE state = 'relayed' ORDER BY n LIMIT 2000)`,
  "UPDATE delivery d SET state = 'held', settled_at = NULL, next_attempt_at = now() + interval '10 days', expires_at = now() + interval '20 days' FROM bench_copy c WHERE d.id = c.delivery_id AND c.n IN (SELECT n FROM bench_copy WHERE state = 'delivered' ORDER BY n LIMIT 1000)",
  `INSERT INTO held_message (envelope_id, kind, rule_id, reason_vi, reason_en, notify, held_at, decision, decided_at) SELECT c.envelope_id, CASE WHEN n % 2 = 0 THEN 'approval' ELSE 'quarantine' END, 'bench', 'Cần phê duyệt', 'to be approved', '{}', c.at,
      CASE WHEN n % 4 < 2 THEN 'released' END, CASE WHEN n % 4 < 2 THEN now() END FROM bench_copy c JOIN delivery d ON d.id = c.delivery_id AND d.state = 'held'`,
  "INSERT INTO presence_process (process, seen_at) VALUES ('bench', now() + interval '1 day')",
  "INSERT INTO presence (process, session_id, protocol, account_id, client_address, client_id, since) SELECT 'bench', n::text, CASE WHEN n % 10 = 0 THEN 'submission' ELSE 'imap' END, account_id, '192.0.2.' || n % 250, 'Thunderbird 140', now() - n * interval '10 s' FROM bench_account WHERE n <= 2000",
  "INSERT INTO lockout (key, kind, network, name, failures, until) SELECT 'bench ' || n, 'signIn', '192.0.2.' || n, address, 5, now() + interval '1 day' FROM bench_account WHERE n <= 200",
  "INSERT INTO outbound_hold (account_id, reason_vi, reason_en) SELECT account_id, 'Gửi nhiều bất thường', 'sends suddenly much' FROM bench_account WHERE n <= 20",
  `WITH r AS (INSERT INTO received_tls_report (envelope_id, submitter, organization, contact, report_id, begins_at, ends_at, received_at)
      SELECT (SELECT min(id) FROM envelope), 'to-chuc.example', 'Tổ chức ' || n, 'tls@to-chuc.example', 'r' || n, now() - n * interval '2 h', now() - n * interval '2 h' + interval '1 day', now() FROM generate_series(1, 300) AS n RETURNING number),
    p AS (INSERT INTO received_tls_policy SELECT number, 0, 'tinh.example', 'sts', '{}', '{}', 100, 3, 0 FROM r RETURNING report)
    INSERT INTO received_tls_failure SELECT report, 0, f, 'certificate-expired', '192.0.2.1', 'mx.tinh.example', '', '192.0.2.2', 1, '', '' FROM p, generate_series(0, 2) AS f`,
  `WITH r AS (INSERT INTO received_dmarc_report (envelope_id, submitter, report_id, domain, organization, email, begins_at, ends_at, errors, policy, records, received_at)
      SELECT (SELECT min(id) FROM envelope), 'to-chuc.example', 'd' || n, 'tinh.example', 'Tổ chức ' || n, 'dmarc@to-chuc.example', now() - n * interval '2 h', now() - n * interval '2 h' + interval '1 day', '{}', '{"p": "none"}', 40, now() FROM generate_series(1, 300) AS n RETURNING number)
    INSERT INTO received_dmarc_row SELECT number, f, ('192.0.2.' || f)::inet, 10, 'none', f % 3 > 0, f % 2 > 0, '[]', 'tinh.example', 'tinh.example', '[]', '{"domain": "tinh.example", "result": "pass"}' FROM r, generate_series(1, 40) AS f`,
  "DELETE FROM mail_hour",
  ...["bench_sample", "bench_envelope_id", "bench_delivery_id", "bench_account", "bench_copy"].map((name) => `DROP TABLE ${name}`),
  "ANALYZE",
]
