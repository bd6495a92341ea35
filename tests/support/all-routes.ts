import type { Route } from "../../src/api/route.ts"
import { apiRoutes } from "../../src/api/routes/all.ts"

/** Every route of the server, for tests of what is said of them; none can be run. */
export const allRoutes = (): readonly Route[] => apiRoutes({
  overview: unused, certificates: unused, held: unused, policies: unused, connections: unused, reports: unused, audit: unused, tokens: unused, pauses: unused, queue: unused, trace: unused, notifications: unused, templates: unused,
  directory: unused, more: unused, webhooks: { webhooks: unused },
})

const unused: never = new Proxy({}, { get: (_target, name) => (name === "bulk" ? unused : undefined) }) as never
