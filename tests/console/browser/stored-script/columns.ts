/**
 * Columns that hold text and are on no page of the console, or hold nothing that anybody else can choose. Every other one is planted (plant.ts) and must be seen, as text: whoever adds a
 * column puts it here with a reason, or there. Columns whose values the database itself limits, and those that refer to another one, need no mention.
 */
export const notShown: Readonly<Record<string, readonly string[]>> = {
  "made by the program: hashes, numbers, codes of its own": [
    "api_token.scopes", "attempt.outcome", "attempt.tls", "attempt.tls_details", "attempt.bounce_class", "audit_head.system", "bulk_job.claim", "bulk_job.scope", "certificate.issuer_hash",
    "certificate_warning.recipient", "content.blob_key", "credential.hash", "delivery.notify", "delivery.dsn_owed", "delivery.dsn_made", "delivery.bounce_class", "delivery_dsn.kind", "envelope.ret",
    "envelope.source", "held_message.notify", "lockout.key", "mailbox.special_use", "notification.source", "policy_decision.verdict", "policy_version.sha256", "presence.process", "presence_process.process", "revocation_answer.reason",
    "schema_migration.name", "second_factor.transports", "tls_session_count.result", "webhook.events", "webhook_event.units", "webhook_event.once",
  ],
  "names of rows of other tables, planted there": [
    "directory_action.subject", "directory_action.unit_code", "happening.principal_id", "notification.principal_id", "presence.principal_id", "unit_month.unit_code", "unit_month.parent_code", "held_message.approvers", "bulk_row.principal_id",
  ],
  "what reports are made of; as they are made: own_report.body": [
    "dmarc_observation.disposition", "dmarc_observation.dkim", "dmarc_observation.header_from", "dmarc_observation.override", "dmarc_observation.policy_domain", "dmarc_observation.spf_domain", "dmarc_observation.spf_result", "dmarc_record.policy_domain",
    "dmarc_record.record", "tls_session_count.domain", "tls_session_count.mx_host", "tls_session_count.mx_patterns", "tls_session_count.policy_string", "tls_session_count.reason", "tls_session_count.receiving_ip", "tls_session_count.sending_ip",
  ],
  "worked with, on no page": [
    "bulk_row.data", "console_session.ended_by", "delivery.remote_mta", "destination_pause.resumed_by", "envelope.envid", "envelope.trace_prefix", "envelope.marks", "evidence.record", "greylist.recipient", "greylist.sender", "happening.detail", "happening.kind",
    "mailbox.keywords", "mta_sts_policy.domain", "mta_sts_policy.id", "mta_sts_policy.mx", "presence.session_id", "received_dmarc_row.envelope_from", "recovery_code.used_from", "revocation_source.source", "second_factor.ended_by",
    "sender_warning.rule_id", "sender_warning.reason_vi", "sender_warning.reason_en", "subscription.name",
  ],
  "searched, never shown": ["account.folded", "alias.folded", "mail_group.folded", "organization_unit.folded", "principal.folded"],
  "of the command line and the API only": [
    "administrator.granted_by", "administrator.ended_by", "api_token.created_by", "api_token.revoked_by", "api_token.webhook_url", "dkim_key.domain", "dkim_key.selector", "external_identity.key",
    "external_identity.external_id", "external_identity.user_name", "ldap_sync.started_by", "ldap_sync.report", "notification.idempotency_key", "notification.template", "notification.webhook_problem",
    "notification_recipient.address", "notification_recipient.asked", "notification_recipient.status", "notification_recipient.reason", "notification_template.name", "notification_template.document",
    "notification_template.created_by", "report_mail.reason", "suppression.recipient", "suppression.diagnostic", "suppression.set_by",
  ],
}
