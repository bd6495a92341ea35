import { expect } from "vitest"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import { scimRouter } from "../../src/api/scim/router.ts"
import { oneTimePasswords } from "../../src/roles/provisioning.ts"
import type { DirectoryActions } from "../../src/store/directory-actions.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createDirectoryActions } from "../../src/store/sql/directory-actions.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createScimStore } from "../../src/store/sql/scim.ts"
import { createApiLog } from "../../src/telemetry/mail-log.ts"
import { type Answered, type ApiWorld, openApiWorld, type Question } from "./api-world.ts"
import { createTestDatabase, type TestDatabase } from "./database.ts"
import { testLog } from "./store.ts"
import { everywhere } from "./whole-province.ts"

/** A small province with SCIM over it, and a token that may do everything there. */
export interface ScimWorld {
  readonly database: TestDatabase
  readonly token: ApiWorld["token"]
  readonly actions: DirectoryActions
  ask(method: string, path: string, question?: Partial<Question>): Promise<Answered>
  find(what: string, filter: string, more?: string): Promise<Answered>
  patch(path: string, operations: readonly object[], question?: Partial<Question>): Promise<Answered>
  person(displayName: string, department?: string, more?: object): Promise<Answered>
  close(): Promise<void>
}

export const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

export async function openScimWorld(): Promise<ScimWorld> {
  const database = await createTestDatabase()
  const parts = {
    database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock: { now: () => Date.parse("2026-11-27T03:00:00Z") }, feed: { publish: () => undefined },
    keeping: { leaverMonths: 6, headMonths: 12, headTitles: ["Giám đốc"], aliasUntil: () => "2099-01-01" }, oneTimePasswords: oneTimePasswords(Buffer.alloc(32, 3)),
  }
  const editor = createDirectoryEditor(parts)
  for (const [code, name, parentCode, domain] of [["T", "Tỉnh", null, "tinh.example"], ["A", "Sở A", "T", "a.tinh.example"], ["A.VP", "Văn phòng Sở A", "A", "a.tinh.example"], ["B", "Sở B", "T", "b.tinh.example"]] as const) {
    const made = await editor.change({ kind: "addUnit", unit: { code, name, kind: parentCode === null ? "province" : "department", parentCode, domain, addressRule: null } }, { scope: everywhere })
    expect(made.ok).toBe(true)
  }
  const world = await openApiWorld({ database, mounted: (gate) => ({ path: "/scim/v2", router: scimRouter({ gate, store: createScimStore(parts), isUnavailable, log: createApiLog(testLog) }) }) })
  const wide = await world.token(["scim"])
  let people = 0
  const ask: ScimWorld["ask"] = (method, path, { token = wide, headers = {}, ...question } = {}) => world.ask(method, `/scim/v2${path}`, { token, headers: { "content-type": "application/scim+json", ...headers }, ...question })
  return {
    database, token: world.token, ask, actions: createDirectoryActions(parts),
    find: (what, filter, more = "") => ask("GET", `/${what}?filter=${encodeURIComponent(filter)}${more}`),
    patch: (path, operations, question = {}) => ask("PATCH", path, { body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: operations }, ...question }),
    person: (displayName, department = "A.VP", more = {}) => ask("POST", "/Users", { body: { schemas: [], userName: `nguoi-${++people}@dang-nhap.example`, displayName, [enterprise]: { department }, ...more } }),
    async close() {
      await world.close()
      await database.drop()
    },
  }
}
