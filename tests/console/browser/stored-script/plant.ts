import { gzipSync } from "node:zlib"
import type { Database } from "../../../../src/store/sql/database.ts"
import { payloadOf, scriptUrlOf } from "./payload.ts"

/** Rows with a payload in every column that a page may show, past all checks of the program: the database takes them as it would from an older or a broken version. */
export interface PlantWorld {
  readonly database: Pick<Database, "query">
  /** Who will look: each has mailbox and person. */
  readonly people: readonly Person[]
  /** An accepted message with a hostile subject, sender and attachment; it waits for a server. */
  readonly envelopeId: number
  /** With hostile names in it. */
  readonly certificate: { readonly der: Buffer; readonly fingerprint: string }
}

export interface Person {
  readonly accountId: number
  readonly principalId: string
  readonly address: string
}

export interface Planted {
  /** `table.column`. */
  readonly columns: readonly string[]
  readonly ids: Readonly<Record<"delivery" | "tls" | "dmarc" | "ownTls" | "ownDmarc" | "bulk" | "webhook" | "ofToken", number>>
}

/** Stands for the column's own payload; `url`: for one that begins with `javascript:`. */
const evil = Symbol("payload")
const url = Symbol("script URL")
const unit = "SNV.VP"

const inside = payloadOf("own_report.body")
/** RFC 8460 §4.4, RFC 7489 appendix C: as our own makers write them, of what servers elsewhere have said. */
const tlsReport = JSON.stringify({
  "organization-name": inside, "date-range": { "start-datetime": "2026-11-01T00:00:00Z", "end-datetime": "2026-11-01T23:59:59Z" }, "contact-info": inside, "report-id": inside,
  policies: [{ policy: { "policy-type": "sts", "policy-string": [inside], "policy-domain": "xa.example", "mx-host": ["mx.xa.example"] }, summary: { "total-successful-session-count": 1, "total-failure-session-count": 1 },
    "failure-details": [{ "result-type": "certificate-expired", "sending-mta-ip": "192.0.2.1", "receiving-mx-hostname": "mx.xa.example", "receiving-mx-helo": inside, "failed-session-count": 1, "additional-information": inside, "failure-reason-code": inside }] }],
})
const escaped = inside.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
const dmarcReport = `<?xml version="1.0"?><feedback><report_metadata><org_name>${escaped}</org_name><email>a@xa.example</email><report_id>x7q</report_id><date_range><begin>1793491200</begin><end>1793577599</end></date_range><error>${escaped}</error></report_metadata>
<policy_published><domain>xa.example</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf><reason><type>other</type><comment>${escaped}</comment></reason></policy_evaluated></row>
<identifiers><header_from>xa.example</header_from></identifiers><auth_results><spf><domain>xa.example</domain><result>fail</result></spf></auth_results></record></feedback>`

export async function plant({ database, people, envelopeId, certificate }: PlantWorld): Promise<Planted> {
  const columns = new Set<string>()
  const fill = (place: string, value: unknown): unknown => {
    if (value === evil || value === url) {
      columns.add(place)
      return value === evil ? payloadOf(place) : scriptUrlOf(place)
    }
    if (Array.isArray(value)) return value.map((one) => fill(place, one))
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(place, one)]))
  }
  const filled = (table: string, values: Readonly<Record<string, unknown>>): unknown[] => Object.entries(values).map(([column, value]) => fill(`${table}.${column}`, value))
  const row = async (table: string, values: Readonly<Record<string, unknown>>, id = "1"): Promise<number> => {
    const names = Object.keys(values)
    const [made] = await database.query<{ id: number }>({ text: `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map((_, at) => `$${at + 1}`).join(", ")}) RETURNING ${id} AS id` }, filled(table, values))
    return made?.id ?? 0
  }
  const change = (table: string, values: Readonly<Record<string, unknown>>, where: string): Promise<unknown> =>
    database.query({ text: `UPDATE ${table} SET ${Object.keys(values).map((name, at) => `${name} = $${at + 1}`).join(", ")} WHERE ${where}` }, filled(table, values))
  const json = (value: unknown): string => JSON.stringify(value)

  // the directory: hostile objects of their own, and hostile names of those who look on
  const unitCode = await plantUnits()
  async function plantUnits(): Promise<string> {
    await row("organization_unit", { code: evil, name: evil, kind: evil, parent_code: unit, domain: evil, address_rule: evil })
    await change("organization_unit", { name: evil }, `code IN ('SNV', '${unit}') OR parent_code IS NULL`)
    return payloadOf("organization_unit.code")
  }
  await row("principal", { id: evil, kind: "individual", name: evil, unit_code: unit, title: evil, phone: evil })
  await change("principal", { name: evil, title: evil, phone: evil }, `id IN (${people.map(({ principalId }) => `'${principalId}'`).join(", ")})`)
  const account = await row("account", { address: evil, kind: "organizational", display_name: evil, unit_code: unit, quota_bytes: 1 }, "id")
  await row("assignment", { account_id: account, principal_id: payloadOf("principal.id"), rights: ["owner"] })
  await row("mail_group", { address: evil, display_name: evil, allowed_senders: [evil], unit_code: unit, moderators: [evil, ...people.map(({ address }) => address)] })
  await row("mail_group_member", { group_address: payloadOf("mail_group.address"), member_address: evil })
  await row("alias", { address: evil, account_id: account })
  const mailbox = await row("mailbox", { account_id: people[0]?.accountId, name: evil }, "id")
  await row("outbound_hold", { account_id: account, reason_vi: evil, reason_en: evil })

  const seal = Buffer.alloc(32, 7)
  for (const { accountId, principalId, address } of people) {
    await change("account", { display_name: evil }, `id = ${accountId}`)
    await row("assignment", { account_id: account, principal_id: principalId, rights: ["read", "administer"] })
    await row("credential", { account_id: accountId, principal_id: principalId, kind: "appPassword", hash: "x", label: evil, last_used_from: evil, last_used_at: "now" })
    await row("second_factor", { account_id: accountId, principal_id: principalId, kind: "passkey", name: evil, credential_id: Buffer.from(address), public_key: seal, sign_count: 0, transports: ["usb"], last_used_from: evil, last_used_at: "now" })
    await row("forwarding", { account_id: accountId, target: evil, keep_copy: true, principal_id: principalId })
    await row("presence", { process: "x7q", session_id: address, protocol: "imap", account_id: accountId, principal_id: principalId, client_address: evil, client_id: evil, tls: evil, since: "now" })
    await row("audit", { kind: "account.changed", principal_id: principalId, account_id: accountId, client_address: evil, actor: json(fill("audit.actor", { via: "console", name: evil, address: evil })), detail: json(fill("audit.detail", { key: address, by: evil, before: { displayName: evil }, after: { displayName: "x" } })) })
    await row("audit", { kind: "access.heldMessageRead", principal_id: payloadOf("principal.id"), account_id: accountId, client_address: evil, actor: json(fill("audit.actor", { via: "console", name: evil })), detail: json(fill("audit.detail", { owner: "false", service: evil, by: evil })) })
    await row("audit", { kind: "signIn.succeeded", principal_id: payloadOf("principal.id"), account_id: accountId, client_address: evil, detail: json(fill("audit.detail", { owner: "false", service: evil, client: evil })) })
  }
  await row("presence_process", { process: "x7q", seen_at: "tomorrow" })
  await row("audit", { kind: evil, principal_id: evil, detail: json({}) })
  for (const [kind, key] of [["unit.changed", unit], ["group.changed", payloadOf("mail_group.address")], ["principal.changed", payloadOf("principal.id")]] as const)
    await row("audit", { kind, detail: json(fill("audit.detail", { key, before: { name: "x" }, after: { name: evil } })) })
  await row("directory_action", { kind: "move", subject: people[2]?.principalId, unit_code: unit, steps: json(fill("directory_action.steps", [{ step: "setTitle", principalId: evil, from: evil, to: evil }])) })
  await row("lockout", { key: "x7q", kind: "signIn", network: evil, name: evil, failures: 9, until: "tomorrow" })

  // certificates of each who looks on
  for (const [at, { principalId }] of people.entries())
    await row("certificate", {
      fingerprint: at === 0 ? certificate.fingerprint : String(at).repeat(64), issuer_hash: `x7q${at}`, serial_number: evil, der: certificate.der, subject: evil, issuer: evil, addresses: [evil], principal_id: principalId, use: "personal",
      not_before: "yesterday", not_after: "tomorrow", state: "suspended", state_reason: evil, state_by: evil, source: evil,
    })

  // mail
  await change("envelope", { reverse_path: evil, message_id: evil }, `id = ${envelopeId}`)
  const [delivery] = await database.query<{ id: number }>({ text: "SELECT id FROM delivery WHERE envelope_id = $1 AND account_id IS NULL" }, [envelopeId])
  const deliveryId = delivery?.id ?? 0
  await change("delivery", { recipient: evil, original_recipient: evil, status: evil, diagnostic: evil, state: "held", attempts: 1, next_attempt_at: "2100-01-01" }, `id = ${deliveryId}`)
  await row("attempt", { delivery_id: deliveryId, number: 1, started_at: "now", ended_at: "now", outcome: "deferred", status: evil, diagnostic: evil, remote_mta: evil })
  await row("delivery_hold", { delivery_id: deliveryId, held_by: evil, why: evil, state_before: "waiting" })
  await row("destination_pause", { kind: "domain", pattern: evil, paused_by: evil, why: evil })
  await database.query({ text: "UPDATE message SET mailbox_id = $1 WHERE envelope_id = $2" }, [mailbox, envelopeId])
  const held = { kind: "approval", rule_id: evil, reason_vi: evil, reason_en: evil, notify: [], approvers: people.map(({ address }) => address) }
  await row("held_message", { envelope_id: envelopeId, ...held })
  // another like it, which has been decided
  await database.query({ text: "INSERT INTO envelope SELECT (jsonb_populate_record(e, jsonb_build_object('id', e.id + 1))).* FROM envelope e WHERE e.id = $1" }, [envelopeId])
  await row("held_message", { envelope_id: envelopeId + 1, ...held, decision: "refused", decided_at: "now", decided_by: evil, note: evil })
  await change("policy_decision", { message_id: evil, reverse_path: evil, rule_id: evil }, `envelope_id = ${envelopeId}`)
  await row("policy_version", { version: 999, yaml: evil, sha256: "x7q", source: "command", applied_by: evil, why: evil })

  // reports
  const period = { begins_at: "yesterday", ends_at: "today", received_at: "now" }
  const tls = await row("received_tls_report", { envelope_id: envelopeId, submitter: evil, organization: evil, contact: evil, report_id: evil, ...period }, "number")
  await row("received_tls_policy", { report: tls, position: 0, domain: evil, policy_type: evil, policy_string: [evil], mx_hosts: [evil], successful: 1, failed: 1, left_out: 0 })
  const failure = { report: tls, policy: 0, result_type: evil, sending_ip: evil, helo: evil, receiving_ip: evil, sessions: 1, reason_code: evil, information: evil }
  await row("received_tls_failure", { ...failure, position: 0, mx_host: evil })
  await row("received_tls_failure", { ...failure, position: 1, mx_host: "" })
  const dmarc = await row("received_dmarc_report", { envelope_id: envelopeId, submitter: evil, report_id: evil, domain: evil, organization: evil, email: evil, errors: [evil], policy: json(fill("received_dmarc_report.policy", { p: evil, sp: evil, np: evil, adkim: evil, aspf: evil, testing: evil, fo: evil })), records: 1, ...period }, "number")
  await row("received_dmarc_row", {
    report: dmarc, position: 0, source: "192.0.2.7", messages: 1, disposition: evil, dkim_aligned: false, spf_aligned: false, reasons: json(fill("received_dmarc_row.reasons", [{ type: evil, comment: evil }])), header_from: evil, envelope_from: "",
    dkim: json(fill("received_dmarc_row.dkim", [{ domain: evil, selector: evil, result: evil }])), spf: json(fill("received_dmarc_row.spf", { domain: evil, result: evil })),
  })
  const own: number[] = []
  for (const [kind, report_id, body] of [["tls", evil, tlsReport], ["dmarc", "x7q", dmarcReport]] as const) {
    own.push(await row("own_report", { kind, day: "yesterday", domain: evil, report_id, body: gzipSync(body), total: 1, failed: 1, made_at: "now" }, "number"))
    await row("own_report_destination", { kind, day: "yesterday", domain: payloadOf("own_report.domain"), uri: url, state: "failed", due_at: "now", give_up_at: "now", detail: evil, settled_at: "now" })
  }
  await change("unit_month", { name: evil }, `unit_code IN ('SNV', '${unit}', '${unitCode.replaceAll("'", "''")}')`)

  // bulk changes and webhooks
  const [looker] = people
  const bulk = await row("bulk_job", { state: "done", file_name: evil, account_id: looker?.accountId, started_by: evil, header: [evil, "Họ tên"], confirmed_at: "now", started_at: "now", finished_at: "now", cancelled_by: evil, cancel_asked_at: "now" }, "id")
  await row("bulk_row", { job_id: bulk, line: 1, cells: json(fill("bulk_row.cells", [evil, evil])), state: "bad", problems: json(fill("bulk_row.problems", [{ field: "name", problem: "unknownColumn", values: { value: evil } }])) })
  await row("bulk_row", { job_id: bulk, line: 2, cells: json(["x", "x"]), state: "done", action: "add", data: json({}), address: evil })
  const token = await row("api_token", { name: evil, sha256: seal, scopes: ["webhooks:write"], created_by: "x", account_id: looker?.accountId, unit_code: "SNV" }, "id")
  const webhook = await row("webhook", { description: evil, url, secret: seal, events: ["person.left"], unit_code: "SNV", contact_account_id: looker?.accountId, created_by: evil, stopped_at: "now", stopped_why: "byHand" }, "id")
  const ofToken = await row("webhook", { description: evil, url, secret: seal, events: ["person.left"], unit_code: "SNV", token_id: token, contact_account_id: account, created_by: evil, stopped_at: "now", stopped_why: "byHand" }, "id")
  const event = await row("webhook_event", { at: "now", type: evil, units: ["SNV"], data: json(fill("webhook_event.data", { name: evil, [payloadOf("webhook_event.data")]: 1 })) }, "id")
  await row("webhook_delivery", { webhook_id: webhook, event_id: event, state: "failed", tries: 1, last_tried_at: "now", problem: evil })
  await database.query({ text: "UPDATE directory_version SET version = version + 1" })
  return { columns: [...columns], ids: { delivery: deliveryId, tls, dmarc, ownTls: own[0] ?? 0, ownDmarc: own[1] ?? 0, bulk, webhook, ofToken } }
}
