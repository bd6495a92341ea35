import { consoleAreas } from "../../src/console/pages/areas.ts"
import type { Database } from "../../src/store/sql/database.ts"

/** Every page of the console that can be asked for by GET, with the ids of something that is there: the table of routes is the console's own, and what it has that is not told of here fails. */
export interface Ids {
  readonly unit: string
  readonly unitTop: string
  readonly person: string
  readonly account: string
  readonly group: string
  readonly fingerprint: string
  readonly delivery: string
  readonly held: string
  readonly bulkJob: string
  readonly replay: string
  readonly chainRun: string
  readonly office: string
  readonly messageId: string
  readonly tlsReport: string
  readonly dmarcReport: string
}

/** Of things within the unit's subtree, so that whoever administers it sees the same pages. */
export async function findIds(database: Database, { unit, holder }: { readonly unit: string; readonly holder: string }): Promise<Omit<Ids, "bulkJob" | "replay" | "chainRun">> {
  const [row] = await database.query<Omit<Ids, "bulkJob" | "replay" | "chainRun">>({ text: ids }, [unit, holder])
  if (!row) throw new Error("nothing is there to show")
  const missing = Object.entries(row).find(([, value]) => value === null)
  if (missing) throw new Error(`there is no ${missing[0]} to show`)
  return row
}

const ids = `
  SELECT $1 AS unit, (SELECT code FROM organization_unit WHERE parent_code IS NULL ORDER BY code LIMIT 1) AS "unitTop",
    (SELECT p.id FROM principal p JOIN certificate c ON c.principal_id = p.id WHERE p.unit_code LIKE $1 || '%' AND p.kind = 'individual' ORDER BY p.id LIMIT 1) AS person,
    (SELECT a.address FROM account a WHERE a.unit_code LIKE $1 || '%' AND a.kind = 'organizational' ORDER BY (SELECT count(*) FROM assignment s WHERE s.account_id = a.id) DESC, a.address LIMIT 1) AS account,
    (SELECT g.address FROM mail_group g WHERE g.unit_code LIKE $1 || '%' ORDER BY (SELECT count(*) FROM mail_group_member m WHERE m.group_address = g.address) DESC, g.address LIMIT 1) AS group,
    (SELECT c.fingerprint FROM certificate c JOIN principal p ON p.id = c.principal_id WHERE p.unit_code LIKE $1 || '%' ORDER BY c.fingerprint LIMIT 1) AS fingerprint,
    (SELECT id::text FROM delivery WHERE state = 'deferred' ORDER BY id LIMIT 1) AS delivery,
    (SELECT h.envelope_id::text FROM held_message h JOIN delivery d ON d.envelope_id = h.envelope_id JOIN account a ON a.id = d.account_id WHERE h.decision IS NULL AND a.unit_code LIKE $1 || '%' ORDER BY 1 LIMIT 1) AS held,
    (SELECT a.id::text FROM account mine JOIN assignment own ON own.account_id = mine.id AND 'owner' = ANY (own.rights) JOIN assignment s ON s.principal_id = own.principal_id JOIN account a ON a.id = s.account_id AND a.kind = 'organizational' WHERE mine.address = $2 LIMIT 1) AS office,
    (SELECT message_id FROM envelope WHERE message_id LIKE 'bench.%' ORDER BY id LIMIT 1) AS "messageId",
    (SELECT max(number)::text FROM received_tls_report) AS "tlsReport", (SELECT max(number)::text FROM received_dmarc_report) AS "dmarcReport"`

type Asked = (ids: Ids) => readonly string[]
const plain = (): readonly string[] => [""]
/** The path itself with these queries, the first without one. */
const alsoWith = (...queries: readonly string[]): Asked => () => ["", ...queries.map((query) => `?${query}`)]
const encoded = encodeURIComponent

const idsByFolder: readonly (readonly [string, (ids: Ids) => string])[] = [
  ["/directory/people", ({ person }) => person], ["/held", ({ held }) => held], ["/queue", ({ delivery }) => delivery], ["/policies/replay", ({ replay }) => replay], ["/audit/chain", ({ chainRun }) => chainRun],
  ["/reports/tls", ({ tlsReport }) => tlsReport], ["/reports/dmarc", ({ dmarcReport }) => dmarcReport],
]

/** What stands in the place of each parameter. */
const parameters: Readonly<Record<string, (ids: Ids, path: string) => string>> = {
  fingerprint: ({ fingerprint }) => fingerprint,
  code: ({ unit }) => encoded(unit),
  version: () => "1",
  operation: () => "getQueue",
  kind: () => "person",
  address: ({ account, group }, path) => encoded(path.includes("/groups/") ? group : account),
  account: ({ office }) => office,
  id: (all, path) => encoded(idsByFolder.find(([folder]) => path.startsWith(folder))?.[1](all) ?? all.bulkJob),
}

/** Where something else than the bare path is asked for. */
const queries: Readonly<Record<string, Asked>> = {
  "/audit": alsoWith("text=mail", "kind=account.*", "who=van"),
  "/certificates": alsoWith("expiring=90", "text=nguyen", "page=30"),
  "/connections": alsoWith("text=an"),
  "/directory/find": alsoWith("text=nguyen", "text=nguyen+van+an", "text=zzzz", "text=&offset=2000"),
  "/directory/suggest/:kind": () => ["?principalId=nguyen"],
  "/directory/rule-preview": ({ unit }) => [`?code=${encoded(unit)}&addressRule=${encoded("{ten}{hodem}.{donvi}@{domain}")}`],
  "/directory/bulk/template": () => ["?format=csv", "?format=xlsx"],
  "/me/delegates/suggest/:account": () => ["?principalId=nguyen"],
  "/queue": alsoWith("state=deferred", "words=later", "destination=ngoai-tinh.example.test", "sender=van"),
  "/reports/tls": alsoWith("days=90"),
  "/reports/dmarc": alsoWith("days=90"),
  "/second-factors": alsoWith("q=nguyen"),
  "/trace": ({ messageId, account }) => ["", `?what=${encoded(messageId)}`, `?what=${encoded(account)}`, `?what=${encoded(account)}&days=30`],
}

/** Not pages that are shown and done with. */
const leftOut: ReadonlySet<string> = new Set([
  "/overview/live", "/directory/bulk/:id/progress", // streams of events
  "/reports/monthly/file", // of what the worker has added up, which is nothing yet
  "/audit/export", // a file of everything: measured by itself
  "/second-factor", // only between password and code
])

export interface AskedPage {
  /** As the table of routes has it, with the query. */
  readonly name: string
  readonly path: string
}

export function askedPages(ids: Ids): readonly AskedPage[] {
  const routes = consoleAreas(unused).flatMap(({ pages }) => pages.filter(({ method, path }) => method === "get" && !leftOut.has(path)).map(({ path }) => path))
  return routes.flatMap((route) => {
    const path = route.replace(/:(\w+)/g, (_, name: string) => {
      const value = parameters[name]
      if (!value) throw new Error(`what stands for :${name} in ${route} is not known`)
      return value(ids, route)
    })
    return (queries[route] ?? plain)(ids).map((query) => ({ name: `${route}${query.length > 40 ? `${query.slice(0, 40)}…` : query}`, path: `/console${path}${query}` }))
  })
}

/** The table of routes needs no ports before a page is run, and here none is. */
const unused: never = new Proxy({}, { get: (_, name) => (name === "singleSignOn" ? undefined : unused) }) as never
