import { afterAll, beforeAll, expect, test } from "vitest"
import { type ApiScope, apiScopes, unitScopes } from "../../src/accounts/api-token.ts"
import { allRoutes } from "../support/all-routes.ts"
import { type ApiWorld, openApiWorld } from "../support/api-world.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

/** Which scope opens what, written down by hand beside the code that decides it. A route that is not here fails the test. */
const expected: Readonly<Record<ApiScope, readonly string[]>> = {
  "overview:read": [
    "get /overview", "get /overview/events",
  ],
  "directory:read": [
    "get /directory/accounts", "get /directory/accounts/:address", "get /directory/accounts/:address/credentials", "get /directory/accounts/:address/forwarding", "get /directory/accounts/:key/history",
    "get /directory/actions", "get /directory/aliases", "get /directory/groups", "get /directory/groups/:address", "get /directory/groups/:key/history", "get /directory/principals", "get /directory/principals/:key/history",
    "get /directory/principals/:principalId", "get /directory/tree", "get /directory/units", "get /directory/units/:code", "get /directory/units/:key/history", "get /second-factors",
  ],
  "directory:write": [
    "delete /directory/accounts/:address/aliases/:alias", "delete /directory/accounts/:address/assignments/:principalId", "delete /directory/accounts/:address/credentials/:id", "delete /directory/accounts/:address/forwarding",
    "delete /directory/groups/:address", "get /directory/bulk", "get /directory/bulk/:id", "get /directory/bulk/:id/events", "get /directory/bulk/:id/rows", "get /directory/bulk/template", "patch /directory/accounts/:address",
    "patch /directory/groups/:address", "patch /directory/principals/:principalId", "patch /directory/units/:code", "post /directory/accounts", "post /directory/accounts/:address/aliases",
    "post /directory/accounts/:address/hand-over", "post /directory/accounts/:address/hand-over/plan", "post /directory/accounts/:address/one-time-password", "post /directory/accounts/:address/reactivate",
    "post /directory/accounts/:address/suspend", "post /directory/actions/:id/undo", "post /directory/address-rule/preview", "post /directory/bulk", "post /directory/bulk/:id/cancel", "post /directory/bulk/:id/confirm",
    "post /directory/bulk/:id/result", "post /directory/groups", "post /directory/principals", "post /directory/principals/:principalId/leave", "post /directory/principals/:principalId/leave/plan",
    "post /directory/principals/:principalId/move", "post /directory/principals/:principalId/move/plan", "post /directory/principals/:principalId/reactivate", "post /directory/principals/:principalId/suspend",
    "post /directory/units", "post /directory/units/:code/reactivate", "post /directory/units/:code/suspend", "post /second-factors/reset", "put /directory/accounts/:address/assignments/:principalId",
  ],
  // an interface of its own, tests/api/scim.test.ts
  scim: [],
  "certificates:read": [
    "get /certificates", "get /certificates/:fingerprint", "get /certificates/:fingerprint/file", "get /certificates/:fingerprint/status",
  ],
  "certificates:write": [
    "post /certificates", "post /certificates/:fingerprint/reinstate", "post /certificates/:fingerprint/revoke", "post /certificates/:fingerprint/suspend", "post /certificates/read", "put /certificates/:fingerprint/binding",
  ],
  "held:read": [
    "get /held", "get /held/:id", "get /held/:id/copies",
  ],
  "held:decide": [
    "get /held/:id/content", "post /held/:id/refuse", "post /held/:id/release",
  ],
  "sessions:read": [
    "get /sessions",
  ],
  "sessions:end": [
    "post /sessions/end",
  ],
  "policy:read": [
    "delete /policies/replays/:id", "get /policies", "get /policies/:version", "get /policies/current", "get /policies/replays/:id", "post /policies/check", "post /policies/explain", "post /policies/replays",
  ],
  "policy:write": [
    "post /policies", "post /policies/:version/rollback",
  ],
  "queue:read": [
    "get /lockouts", "get /queue", "get /queue/:id", "get /queue/count", "get /queue/destinations", "get /queue/pauses", "get /stopped-accounts",
  ],
  "queue:write": [
    "delete /lockouts/:id", "delete /queue/:id", "delete /queue/pauses/:id", "delete /stopped-accounts/:id", "post /queue/:id/bounce", "post /queue/:id/hold", "post /queue/:id/release", "post /queue/:id/retry",
    "post /queue/actions", "post /queue/pauses",
  ],
  "trace:read": [
    "get /trace",
  ],
  "audit:read": [
    "delete /audit/verifications/:id", "get /audit", "get /audit/accesses", "get /audit/chain", "get /audit/export", "get /audit/head", "get /audit/verifications/:id", "post /audit/verifications",
  ],
  "reports:read": [
    "get /reports/dmarc", "get /reports/dmarc/:id", "get /reports/dmarc/sent", "get /reports/dmarc/sent/:id", "get /reports/dmarc/sources", "get /reports/monthly", "get /reports/monthly.csv", "get /reports/tls",
    "get /reports/tls/:id", "get /reports/tls/sent", "get /reports/tls/sent/:id",
  ],
  "notifications:send": [
    "delete /notifications/:id", "get /notification-templates", "get /notification-templates/:name", "get /notifications", "get /notifications/:id", "get /notifications/:id/events", "get /notifications/:id/recipients",
    "post /notification-templates/:name/preview", "post /notifications",
  ],
  "tokens:read": [
    "get /tokens",
  ],
  "tokens:write": [
    "delete /tokens/:id",
  ],
  "webhooks:read": [
    "get /webhooks", "get /webhooks/:id", "get /webhooks/:id/deliveries",
  ],
  "webhooks:write": [
    "delete /webhooks/:id", "patch /webhooks/:id", "post /webhooks", "post /webhooks/:id/deliveries/:delivery/repeat", "post /webhooks/:id/ping", "post /webhooks/:id/secret",
  ],
}

const routes = allRoutes()
const places: Readonly<Record<string, string>> = { id: "1", address: "an%40a.example", alias: "b%40a.example", principalId: "P1", code: "A" }
let database: TestDatabase
let world: ApiWorld
const tokens = new Map<string, string>()

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query({ text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('A', 'Sở A', 'department', NULL, 'a.example')" })
  world = await openApiWorld({ database, routes })
  for (const scope of apiScopes) tokens.set(scope, await world.token([scope]))
  tokens.set("unit", await world.token(apiScopes, "A"))
})
afterAll(async () => {
  await world.close()
  await database.drop()
})

const statusOf = async ({ method, path }: (typeof routes)[number], token: string): Promise<number> =>
  (await world.ask(method.toUpperCase(), `/api/v1${path.replace(/:(\w+)/g, (_whole, name: string) => places[name] ?? "x")}`, { token })).status

test("each route is opened by its scope", () => {
  const found = Object.fromEntries(apiScopes.map((scope) => [scope, routes.filter((route) => route.scope === scope).map(({ method, path }) => `${method} ${path}`).toSorted()]))
  expect(found).toEqual(expected)
})

test("and by no other, nor without a token", async () => {
  const open: string[] = []
  for (const route of routes) {
    const name = `${route.method} ${route.path}`
    if ((await statusOf(route, "congthu_x")) !== 401) open.push(`${name} to strangers`)
    for (const scope of apiScopes) if (scope !== route.scope && (await statusOf(route, tokens.get(scope) ?? "")) !== 403) open.push(`${name} to ${scope}`)
  }
  expect(open).toEqual([])
})

test("a token for one unit opens only what is divided by units, whatever scopes stand in it", async () => {
  const open: string[] = []
  for (const route of routes.filter(({ scope, provinceOnly }) => !unitScopes.includes(scope) || provinceOnly)) if ((await statusOf(route, tokens.get("unit") ?? "")) !== 403) open.push(`${route.method} ${route.path}`)
  expect(open).toEqual([])
})
