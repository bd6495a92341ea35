import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Directory, Group } from "../../src/accounts/directory.ts"
import { expandRecipients, groupIsOpen } from "../../src/intake/expand-recipients.ts"
import type { Recipient } from "../../src/mail/envelope.ts"
import { createDirectorySource } from "../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"
import { testLog } from "../support/store.ts"

let database: TestDatabase
let directory: Directory

beforeAll(async () => {
  database = await createTestDatabase(2)
  await createProvince(database)
  await database.query({
    text: `
      INSERT INTO mail_group (address, display_name) SELECT 'sau-' || i || '@tinh.example', 'Sâu' FROM generate_series(1, 40) i;
      INSERT INTO mail_group_member SELECT 'sau-' || i || '@tinh.example', 'sau-' || i + 1 || '@tinh.example' FROM generate_series(1, 39) i;
      INSERT INTO mail_group_member VALUES ('sau-40@tinh.example', 'an@tinh.example'), ('sau-20@tinh.example', 'binh@tinh.example');`,
  })
  const source = await createDirectorySource({ database, log: testLog, tickMs: 0 })
  directory = source.current()
  source.close()
})
afterAll(() => database.drop())

const expand = (recipients: readonly (string | Recipient)[], sender: string | null = null, maxFinalRecipients = 100) => {
  const { final, unserved, skippedMembers } = expandRecipients({
    directory, sender, mayRelay: true, maxFinalRecipients, recipients: recipients.map((item) => (typeof item === "string" ? { forwardPath: item } : item)),
  })
  return { to: final.map(({ recipient }) => recipient), unserved: unserved.map(({ reason }) => reason), skippedMembers, final }
}

describe("expanding recipients", () => {
  test("a group that is named a thousand times is opened once, and again only where something else is to be told of it", () => {
    let asked = 0
    const counting = Object.create(directory, { resolve: { value: (address: string) => (asked++, directory.resolve(address)) } }) as Directory
    const recipients = Array.from({ length: 1_000 }, (_, n): Recipient => ({ forwardPath: n % 2 === 0 ? "tat-ca@tinh.example" : "TAT-CA@tinh.example", notify: n === 999 ? ["never"] : ["delay"] }))
    const { final } = expandRecipients({ directory: counting, sender: null, mayRelay: false, maxFinalRecipients: 100, recipients })
    expect(final.map(({ recipient, notify }) => [recipient, notify])).toEqual([["an@tinh.example", ["delay"]], ["binh@tinh.example", ["delay"]]])
    expect(asked).toBeLessThan(1_020)
  })

  test("an alias, the account and another spelling are one delivery", () => {
    const { to, final } = expand(["nguyen.an@tinh.example", "AN@Tinh.Example", "an@tinh.example"])
    expect(to).toEqual(["an@tinh.example"])
    expect(final[0]?.originalRecipient).toBe("nguyen.an@tinh.example")
    expect(final[0]?.accountId).not.toBeNull()
  })

  test("a group opens into its members, each once, without those who are suspended", () => {
    expect(expand(["tat-ca@tinh.example", "binh@tinh.example"])).toMatchObject({ to: ["an@tinh.example", "binh@tinh.example"], unserved: [], skippedMembers: ["closed@tinh.example"] })
  })

  test("groups that contain each other end", () => {
    expect(expand(["vong-1@tinh.example", "vong-2@tinh.example"]).to).toEqual(["binh@tinh.example"])
  })

  test("a foreign member is a remote delivery with its domain in one spelling", () => {
    const { to, final } = expand(["ngoai@tinh.example"], "an@tinh.example")
    expect(to).toEqual(["an@tinh.example", "khach@xa.example", "binh@tinh.example"])
    expect(final[1]).toMatchObject({ accountId: null, originalRecipient: "ngoai@tinh.example" })
  })

  test("a restricted group is closed to others, also inside an open one", () => {
    expect(expand(["lanh-dao@tinh.example"], null).unserved).toEqual(["closedGroup"])
    expect(expand(["lanh-dao@tinh.example"], "binh@tinh.example").unserved).toEqual(["closedGroup"])
    expect(expand(["ngoai@tinh.example"], "binh@tinh.example")).toMatchObject({ to: [], unserved: ["closedGroup"] })
    expect(expand(["lanh-dao@tinh.example"], "an@tinh.example").unserved).toEqual([])
    const group = (address: string): Group => {
      const found = directory.resolve(address)
      if (found.kind !== "group") throw new Error(address)
      return found.group
    }
    expect(groupIsOpen(directory, group("ngoai@tinh.example"), "binh@tinh.example")).toBe(false)
    expect(groupIsOpen(directory, group("ngoai@tinh.example"), "an@tinh.example")).toBe(true)
    expect(groupIsOpen(directory, group("vong-1@tinh.example"), null)).toBe(true)
  })

  test("nesting and size have an end", () => {
    expect(expand(["sau-20@tinh.example"]).to).toEqual(["binh@tinh.example", "an@tinh.example"])
    expect(expand(["sau-1@tinh.example"]).unserved).toEqual(["tooLarge"])
    expect(expand(["tat-ca@tinh.example"], null, 1).unserved).toEqual(["tooLarge"])
    expect(expand(["trong@tinh.example"]).unserved).toEqual(["emptyGroup"])
  })

  test("what cannot be served is named, the rest is there", () => {
    expect(expand(["nobody@tinh.example", "closed@tinh.example", "an@tinh.example"])).toMatchObject({ to: ["an@tinh.example"], unserved: ["unknown", "suspended"] })
  })

  test("foreign local parts keep their case, and punycode is one with its letters", () => {
    expect(expand(["Khach@XA.example", "Khach@xa.example", "khach@xa.example"]).to).toEqual(["Khach@xa.example", "khach@xa.example"])
    expect(expand(["a@thư.example", "a@xn--th-e0a.example"]).to).toHaveLength(1)
  })

  test.each<[Recipient["notify"], Recipient["notify"], readonly string[]]>([
    [["never"], ["success"], ["success"]],
    [["never"], ["never"], ["never"]],
    [undefined, ["never"], []],
    [["success"], undefined, ["success", "failure"]],
    [["failure"], ["delay"], ["failure", "delay"]],
  ])("NOTIFY %j and %j for one account → %j", (first, second, expected) => {
    const recipient = (forwardPath: string, notify: Recipient["notify"]): Recipient => ({ forwardPath, ...(notify ? { notify } : {}) })
    expect(expand([recipient("an@tinh.example", first), recipient("nguyen.an@tinh.example", second)]).final[0]?.notify).toEqual(expected)
  })

  test("a group's members do not each report success (RFC 3461 §5.2.7.3)", () => {
    expect(expand([{ forwardPath: "vong-1@tinh.example", notify: ["success", "failure"] }]).final[0]?.notify).toEqual(["failure"])
    expect(expand([{ forwardPath: "vong-1@tinh.example", notify: ["success"] }]).final[0]?.notify).toEqual(["never"])
  })
})
