import type { StoredTemplate, TemplateStore } from "../template-store.ts"
import { type Database, withRetry } from "./database.ts"

/** Templates of notifications in PostgreSQL. Two who put one at once get two versions. */
export const createTemplateStore = ({ database }: { readonly database: Pick<Database, "query"> }): TemplateStore => ({
  find: async (name, version) => (await database.query<StoredTemplate>(version === undefined ? newest : numbered, version === undefined ? [name] : [name, version]))[0],
  async newestVersions(names) {
    const rows = await database.query<{ name: string; version: number }>(newestVersions, [[...new Set(names)]])
    const found = new Map(rows.map(({ name, version }) => [name, version]))
    return names.map((name) => found.get(name))
  },
  list: () => database.query<StoredTemplate>(list),
  put: ({ name, document, by }) =>
    withRetry(async () => {
      for (;;) {
        const [row] = await database.query<{ version: number }>(put, [name, JSON.stringify(document), by])
        if (row) return row.version
      }
    }),
  ship: async ({ name, document, by, sha256 }) => (await database.query(ship, [name, JSON.stringify(document), by, sha256])).length > 0,
})

const columns = `name, version, document, (extract(epoch FROM created_at) * 1000)::bigint AS "createdAt", created_by AS "createdBy", shipped_sha256 IS NOT NULL AS shipped`

const newest = { name: "template-newest", text: `SELECT ${columns} FROM notification_template WHERE name = $1 ORDER BY version DESC LIMIT 1` }
const numbered = { name: "template-numbered", text: `SELECT ${columns} FROM notification_template WHERE name = $1 AND version = $2` }
const newestVersions = { name: "template-newest-versions", text: "SELECT name, max(version) AS version FROM notification_template WHERE name = ANY ($1::text[]) GROUP BY name" }
const list = { name: "templates", text: `SELECT DISTINCT ON (name) ${columns} FROM notification_template ORDER BY name, version DESC` }

const audited = (kind: string): string => `a AS (INSERT INTO audit (kind, detail) SELECT '${kind}', jsonb_build_object('name', name, 'version', version, 'by', created_by) FROM t)`

const put = {
  name: "put-template",
  text: `
    WITH t AS (
      INSERT INTO notification_template (name, version, document, created_by) SELECT $1, coalesce(max(version), 0) + 1, $2, $3 FROM notification_template WHERE name = $1 ON CONFLICT DO NOTHING RETURNING name, version, created_by
    ), ${audited("notificationTemplate.put")} SELECT version FROM t`,
}

/** A version that a person put stays in force whatever later files say. */
const ship = {
  name: "ship-template",
  text: `
    WITH last AS (SELECT version, shipped_sha256 FROM notification_template WHERE name = $1 ORDER BY version DESC LIMIT 1),
    t AS (
      INSERT INTO notification_template (name, version, document, created_by, shipped_sha256)
      SELECT $1, coalesce((SELECT version FROM last), 0) + 1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM last WHERE shipped_sha256 IS NULL OR shipped_sha256 = $4)
      ON CONFLICT DO NOTHING RETURNING name, version, created_by
    ), ${audited("notificationTemplate.shipped")} SELECT version FROM t`,
}
