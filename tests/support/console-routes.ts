/**
 * Who may what, written down by hand beside the code that decides it. A page that is not here fails the test: whoever adds one says whom it is for.
 * `-` nobody signed in, `h` who is signed in without a role, `u` an administrator of a unit, `a` an auditor, `o` an operator, `p` the province's administrator.
 */
export const routesByRole: Readonly<Record<string, readonly string[]>> = {
  "-huaop": [
    "get /api", "get /api/:operation", "get /sign-in", "post /language", "post /sign-in", "post /sign-in/passkey",
  ],
  huaop: [
    "get /", "get /me", "get /me/accesses", "get /me/app-passwords", "get /me/approvals", "get /me/approvals/:id", "get /me/certificates", "get /me/delegates", "get /me/delegates/suggest/:account", "get /me/forwarding",
    "get /me/password", "get /me/security", "get /me/security/authenticator", "get /me/security/passkey", "get /me/sessions", "get /me/set-up", "get /second-factor",
    "post /me/app-passwords/new", "post /me/approvals/:id", "post /me/app-passwords/revoke", "post /me/delegates", "post /me/delegates/end", "post /me/forwarding", "post /me/forwarding/end",
    "post /me/password", "post /me/security/authenticator", "post /me/security/passkey", "post /me/security/recovery-codes", "post /me/security/remove", "post /me/sessions/end",
    "post /prove", "post /second-factor", "post /sign-out",
  ],
  uaop: [
    "get /held", "get /held/:id", "get /held/decided", "get /overview",
  ],
  uap: [
    "get /certificates", "get /certificates/:fingerprint", "get /connections", "get /directory", "get /directory/accounts/:address", "get /directory/find",
    "get /directory/groups/:address", "get /directory/people/:id", "get /directory/suggest/:kind", "get /directory/units/:code", "get /reports/monthly", "get /reports/monthly/file",
    "get /webhooks", "get /webhooks/:id",
  ],
  up: [
    "get /certificates/new", "get /directory/accounts/:address/change", "get /directory/accounts/:address/hand-over", "get /directory/bulk", "get /directory/bulk/:id",
    "get /directory/bulk/:id/progress", "get /directory/bulk/template", "get /directory/groups/:address/change", "get /directory/new/account", "get /directory/new/group",
    "get /directory/new/person", "get /directory/new/unit", "get /directory/people/:id/change", "get /directory/people/:id/leave", "get /directory/people/:id/move",
    "get /directory/rule-preview", "get /directory/units/:code/change", "get /second-factors", "post /certificates/:fingerprint/bind",
    "post /certificates/:fingerprint/reinstate", "post /certificates/:fingerprint/revoke", "post /certificates/:fingerprint/suspend", "post /certificates/add",
    "post /certificates/read", "post /connections/end", "post /directory/accounts/:address/aliases", "post /directory/accounts/:address/aliases/remove",
    "post /directory/accounts/:address/assignments", "post /directory/accounts/:address/assignments/end", "post /directory/accounts/:address/change",
    "post /directory/accounts/:address/end-forwarding", "post /directory/accounts/:address/hand-over", "post /directory/accounts/:address/reactivate",
    "post /directory/accounts/:address/reset-password", "post /directory/accounts/:address/suspend", "post /directory/actions/:id/undo", "post /directory/bulk",
    "post /directory/bulk/:id/cancel", "post /directory/bulk/:id/confirm", "post /directory/bulk/:id/result", "post /directory/bulk/:id/result-again", "post /directory/groups/:address/change",
    "post /directory/groups/:address/remove", "post /directory/new/account", "post /directory/new/group", "post /directory/new/person", "post /directory/new/unit",
    "post /directory/people/:id/change", "post /directory/people/:id/leave", "post /directory/people/:id/move", "post /directory/people/:id/reactivate",
    "post /directory/people/:id/suspend", "post /directory/units/:code/change", "post /directory/units/:code/reactivate", "post /directory/units/:code/suspend",
    "post /second-factors/reset", "get /webhooks/new", "get /webhooks/:id/edit", "post /webhooks", "post /webhooks/:id/edit", "post /webhooks/:id/secret", "post /webhooks/:id/ping",
    "post /webhooks/:id/stop", "post /webhooks/:id/go-on", "post /webhooks/:id/remove", "post /webhooks/:id/repeat",
  ],
  uop: [
    "post /held/:id/copies/plan", "post /held/:id/copies/refuse", "post /held/:id/copies/release", "post /held/plan", "post /held/refuse", "post /held/release",
  ],
  aop: [
    "get /bans", "get /overview/live", "get /queue", "get /queue/:id", "get /queue/destinations", "get /queues", "get /trace",
  ],
  ap: [
    "get /audit", "get /audit/chain", "get /audit/chain/:id", "get /audit/chain/:id/state", "get /audit/export", "get /policies", "get /policies/:version", "get /policies/edit",
    "get /policies/explain", "get /policies/replay/:id", "get /policies/replay/:id/state", "get /reports/dmarc", "get /reports/dmarc/:id",
    "get /reports/dmarc/sent", "get /reports/tls", "get /reports/tls/:id", "get /reports/tls/sent", "post /audit/chain/:id/cancel",
    "post /audit/chain/verify", "post /policies/check", "post /policies/explain", "post /policies/replay", "post /policies/replay/:id/cancel",
  ],
  op: [
    "post /bans/clear", "post /bans/lift", "post /queue/bounce", "post /queue/delete", "post /queue/destinations/pause", "post /queue/destinations/resume", "post /queue/hold",
    "post /queue/plan", "post /queue/release", "post /queue/retry",
  ],
  p: [
    "post /policies/:version/rollback", "post /policies/apply",
  ],
}
