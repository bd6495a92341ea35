import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { importFolder } from "../../../src/accounts/import/import.ts"
import { describeProblem } from "../../../src/accounts/import/problem.ts"
import { createProvisioningStore } from "../../../src/store/sql/provisioning.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"

let database: TestDatabase
let dir: string
beforeAll(async () => {
  database = await createTestDatabase(2)
  await database.query({
    text: `INSERT INTO organization_unit (code, name, kind, domain) VALUES ('U', 'Có sẵn', 'province', 'tinh.example'), ('V', 'Có sẵn', 'department', 'v.tinh.example');
      UPDATE organization_unit SET parent_code = 'U' WHERE code = 'V';
      INSERT INTO principal (id, kind, name, unit_code) VALUES ('P', 'individual', 'Có sẵn', 'U');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ('a@tinh.example', 'personal', 'Có sẵn', 'U', 1);
      INSERT INTO alias (address, account_id) SELECT 'alias@tinh.example', id FROM account;
      INSERT INTO mail_group (address, display_name) VALUES ('nhom@tinh.example', 'Có sẵn'), ('nhom2@tinh.example', 'Có sẵn');
      INSERT INTO mail_group_member VALUES ('nhom@tinh.example', 'nhom2@tinh.example');`,
  })
})
afterAll(() => database.drop())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-bad-"))
})
afterEach(() => rm(dir, { recursive: true }))

async function problems(contents: Readonly<Record<string, string | Buffer>>, credentials?: string): Promise<string[]> {
  for (const [name, text] of Object.entries(contents)) await writeFile(join(dir, name), text)
  const outcome = await importFolder(
    { dir, credentialsPath: credentials === undefined ? null : join(dir, credentials), suspendMissing: false, reactivate: false, dryRun: false },
    { store: createProvisioningStore(database), mailboxes: [], clock: { now: () => 0 } },
  )
  // one bad row and nothing is applied
  expect(await database.query({ text: "SELECT version, (SELECT count(*) FROM account) AS accounts FROM directory_version" })).toEqual([{ version: 1, accounts: 1 }])
  if (outcome.kind !== "bad") throw new Error(outcome.kind)
  expect(outcome.total).toBe(outcome.problems.length)
  return outcome.problems.map(describeProblem)
}

/** Rows with what is wrong in each, `column: reason` (null: a good row); the header is line 1. */
type Rows = readonly (readonly [row: string, ...reasons: readonly string[]])[]

const expected = (file: string, rows: Rows): string[] => rows.flatMap(([, ...reasons], at) => reasons.map((reason) => `${file}:${at + 2}: ${reason}`))
const csv = (header: string, rows: Rows): string => `${[header, ...rows.map(([row]) => row)].join("\n")}\n`
const long = "x".repeat(201)

const tables: Readonly<Record<string, { readonly header: string; readonly rows: Rows }>> = {
  "organization-units.csv": {
    header: "code,name,kind,parent_code,domain",
    rows: [
      ["OK,Tốt,department,U,ok.tinh.example"],
      [",Tên,department,U,x.example", "code: is empty"],
      ["a b,Tên,department,U,x.example", 'code: "a b" may only have letters, digits, ".", "-" and "_"'],
      [`${"c".repeat(65)},Tên,department,U,x.example`, "code: is longer than 64 characters"],
      ["A1,,department,U,x.example", "name: is empty"],
      [`A2,${long},department,U,x.example`, "name: is longer than 200 characters"],
      ["A3,Tên,ministry,U,x.example", 'kind: "ministry" is not one of: province, department, district, town, commune, company, division'],
      ["A4,Tên,,U,x.example", "kind: is empty"],
      ["A5,Tên,Department,U,x.example", 'kind: "Department" is not one of: province, department, district, town, commune, company, division'],
      ["A6,Tên,department,NONE,x.example", 'parent_code: there is no unit "NONE"'],
      ["A7,Tên,department,a/b,x.example", 'parent_code: "a/b" may only have letters, digits, ".", "-" and "_"'],
      ["A8,Tên,department,U,", "domain: is empty"],
      ["A9,Tên,department,U,x..example", 'domain: "x..example" is not a domain'],
      ["B1,Tên,department,U,-x.example", 'domain: "-x.example" is not a domain'],
      ["B2,Tên,department,U,x@y.example", 'domain: "x@y.example" is not a domain'],
      ["B3,Tên,department,U,[192.0.2.1]", 'domain: "[192.0.2.1]" is not a domain'],
      ["OK,Lại,department,U,ok.tinh.example", "code: OK is already in line 2"],
      ["B4,Tên,department,U", "the row has 4 fields, the header has 5"],
      ["B5,Tên,department,U,x.example,extra", "the row has 6 fields, the header has 5"],
      ["B6,Tên,department,B6,x.example", 'parent_code: the unit "B6" is above itself'],
      ["B7,Tên,department,B8,x.example", 'parent_code: the unit "B7" is above itself'],
      ["B8,Tên,department,B7,x.example", 'parent_code: the unit "B8" is above itself'],
      ["U,Gốc,province,V,x.example", 'parent_code: the unit "U" is above itself'],
      ['B9,"Tên\tTab",department,U,x.example', "name: the field has a line break or another control character"],
      ['B9,Tên \u202e,department,U,x.example', "name: the field has a line break or another control character"],
    ],
  },
  "principals.csv": {
    header: "principal_id,kind,name,unit_code,title,phone",
    rows: [
      ["OK,individual,Tốt,U,,"],
      [",individual,Tên,U,,", "principal_id: is empty"],
      ["a b,individual,Tên,U,,", 'principal_id: "a b" may only have letters, digits, ".", "-" and "_"'],
      [`${"c".repeat(65)},individual,Tên,U,,`, "principal_id: is longer than 64 characters"],
      ["A1,person,Tên,U,,", 'kind: "person" is not one of: individual, organization'],
      ["A2,,Tên,U,,", "kind: is empty"],
      ["A3,individual,,U,,", "name: is empty"],
      [`A4,individual,${long},U,,`, "name: is longer than 200 characters"],
      ["A5,individual,Tên,,,", "unit_code: is empty"],
      ["A6,individual,Tên,NONE,,", 'unit_code: there is no unit "NONE"'],
      ["A7,individual,Tên,u,,", 'unit_code: there is no unit "u"'],
      [`A8,individual,Tên,U,${long},`, "title: is longer than 200 characters"],
      ["A9,individual,Tên,U,,abc", "phone: may only have digits, spaces and + ( ) . -"],
      [`B1,individual,Tên,U,,${"0".repeat(41)}`, "phone: is longer than 40 characters"],
      ["OK,individual,Lại,U,,", "principal_id: OK is already in line 2"],
      ["B2,individual,Tên,U,", "the row has 5 fields, the header has 6"],
      ["B3,individual,Tên,U,,,", "the row has 7 fields, the header has 6"],
      ["B4,person,,NONE,,x", 'kind: "person" is not one of: individual, organization', "name: is empty", "phone: may only have digits, spaces and + ( ) . -"],
      ["B5,individual,\u0007,U,,", "name: the field has a line break or another control character"],
      ["B6,individual,Tên\ufffd,U,,", "name: the field is not UTF-8"],
      ["B7;individual;Tên;U;;", "the row has 1 fields, the header has 6"],
    ],
  },
  "accounts.csv": {
    header: "address,kind,display_name,unit_code,quota",
    rows: [
      ["ok@tinh.example,personal,Tốt,U,1GiB"],
      [",personal,Tên,U,1GiB", "address: is empty"],
      ["nobody,personal,Tên,U,1GiB", 'address: "nobody" is not an address'],
      ["@tinh.example,personal,Tên,U,1GiB", 'address: "@tinh.example" is not an address'],
      ["a@,personal,Tên,U,1GiB", 'address: "a@" is not an address'],
      ["a b@tinh.example,personal,Tên,U,1GiB", 'address: "a b@tinh.example" is not an address'],
      ["a..b@tinh.example,personal,Tên,U,1GiB", 'address: "a..b@tinh.example" is not an address'],
      [`${"a".repeat(65)}@tinh.example,personal,Tên,U,1GiB`, `address: "${"a".repeat(60)}…" is not an address`],
      ["b1@tinh.example,private,Tên,U,1GiB", 'kind: "private" is not one of: personal, organizational'],
      ["b2@tinh.example,,Tên,U,1GiB", "kind: is empty"],
      ["b3@tinh.example,personal,,U,1GiB", "display_name: is empty"],
      [`b4@tinh.example,personal,${long},U,1GiB`, "display_name: is longer than 200 characters"],
      ["b5@tinh.example,personal,Tên,,1GiB", "unit_code: is empty"],
      ["b6@tinh.example,personal,Tên,NONE,1GiB", 'unit_code: there is no unit "NONE"'],
      ["b7@tinh.example,personal,Tên,U,", "quota: is empty"],
      ["b8@tinh.example,personal,Tên,U,2000", 'quota: "2000" is not a size such as "500MiB" or "2GiB"'],
      ["b9@tinh.example,personal,Tên,U,-1GiB", 'quota: "-1GiB" is not a size such as "500MiB" or "2GiB"'],
      ["c1@tinh.example,personal,Tên,U,9000TiB", 'quota: "9000TiB" is more than 1024TiB'],
      ["OK@TINH.example,personal,Lại,U,1GiB", "address: ok@tinh.example is already in line 2"],
      ["alias@tinh.example,personal,Tên,U,1GiB", "address: alias@tinh.example is an alias already"],
      ["nhom@tinh.example,personal,Tên,U,1GiB", "address: nhom@tinh.example is a group already"],
      ["c2@tinh.example,personal,Tên,U", "the row has 4 fields, the header has 5"],
    ],
  },
  "assignments.csv": {
    header: "address,principal_id,rights,from,until",
    rows: [
      ["a@tinh.example,P,owner,2024-02-29,2024-02-29"],
      [",P,read,,", "address: is empty"],
      ["x,P,read,,", 'address: "x" is not an address'],
      ["none@tinh.example,P,read,,", "address: there is no account none@tinh.example"],
      ["alias@tinh.example,P,read,,", "address: there is no account alias@tinh.example"],
      ["a@tinh.example,,read,,", "principal_id: is empty"],
      ["a@tinh.example,Q1,read,,", 'principal_id: there is no principal "Q1"'],
      ["a@tinh.example,p,read,,", 'principal_id: there is no principal "p"'],
      ["a@tinh.example,R1,,,", "rights: is empty"],
      ["a@tinh.example,R2,delete,,", 'rights: "delete" is not one of: owner, read, write, send-as, administer, sign'],
      ["a@tinh.example,R3,read sendas,,", 'rights: "sendas" is not one of: owner, read, write, send-as, administer, sign'],
      ["a@tinh.example,R4,READ,,", 'rights: "READ" is not one of: owner, read, write, send-as, administer, sign'],
      ["a@tinh.example,R5,read;write,,", 'rights: "read;write" is not one of: owner, read, write, send-as, administer, sign'],
      ["a@tinh.example,R6,read,01/02/2026,", 'from: "01/02/2026" is not a date such as "2026-01-31"'],
      ["a@tinh.example,R7,read,2026-02-30,", 'from: "2026-02-30" is not a date such as "2026-01-31"'],
      ["a@tinh.example,R8,read,2025-02-29,", 'from: "2025-02-29" is not a date such as "2026-01-31"'],
      ["a@tinh.example,R9,read,,tomorrow", 'until: "tomorrow" is not a date such as "2026-01-31"'],
      ["a@tinh.example,S1,read,,2026-1-1", 'until: "2026-1-1" is not a date such as "2026-01-31"'],
      ["a@tinh.example,S2,read,2026-02-01,2026-01-31", "until: 2026-01-31 is before 2026-02-01"],
      ["A@tinh.example,P,read,,", "principal_id: P on a@tinh.example is already in line 2"],
      ["a@tinh.example,S3,read", "the row has 3 fields, the header has 5"],
      ["x,a b,all,1,2", 'address: "x" is not an address', 'principal_id: "a b" may only have letters, digits, ".", "-" and "_"', 'rights: "all" is not one of: owner, read, write, send-as, administer, sign', 'from: "1" is not a date such as "2026-01-31"', 'until: "2" is not a date such as "2026-01-31"'],
    ],
  },
  "aliases.csv": {
    header: "address,target",
    rows: [
      ["moi@tinh.example,a@tinh.example"],
      [",a@tinh.example", "address: is empty"],
      ["x1@tinh.example,", "target: is empty"],
      ["x,a@tinh.example", 'address: "x" is not an address'],
      ["x2@tinh.example,a", 'target: "a" is not an address'],
      ["a@tinh.example,a@tinh.example", "address: a@tinh.example is an account already"],
      ["A@TINH.EXAMPLE,a@tinh.example", "address: a@tinh.example is already in line 7"],
      ["nhom@tinh.example,a@tinh.example", "address: nhom@tinh.example is a group already"],
      ["x3@tinh.example,none@tinh.example", "target: there is no account none@tinh.example"],
      ["x4@tinh.example,alias@tinh.example", "target: there is no account alias@tinh.example"],
      ["x5@tinh.example,nhom@tinh.example", "target: there is no account nhom@tinh.example"],
      ["x6@tinh.example,b@khac.example", "target: there is no account b@khac.example"],
      ["moi@tinh.example,a@tinh.example", "address: moi@tinh.example is already in line 2"],
      ["x7@tinh.example", "the row has 1 fields, the header has 2"],
      ["x8@tinh.example,a@tinh.example,", "the row has 3 fields, the header has 2"],
      ["x 9@tinh.example,a@tinh.example", 'address: "x 9@tinh.example" is not an address'],
      [".x@tinh.example,a@tinh.example", 'address: ".x@tinh.example" is not an address'],
      ["x@-tinh.example,a@tinh.example", 'address: "x@-tinh.example" is not an address'],
      ["<x@tinh.example>,a@tinh.example", 'address: "<x@tinh.example>" is not an address'],
      ["x,y", 'address: "x" is not an address', 'target: "y" is not an address'],
      ["y1@tinh.example,a@tinh.example a@tinh.example", 'target: "a@tinh.example a@tinh.example" is not an address'],
    ],
  },
  "groups.csv": {
    header: "address,display_name,allowed_senders",
    rows: [
      ["moi@tinh.example,Tốt,a@tinh.example"],
      [",Tên,", "address: is empty"],
      ["x,Tên,", 'address: "x" is not an address'],
      ["x y@tinh.example,Tên,", 'address: "x y@tinh.example" is not an address'],
      ["x1@tinh.example,,", "display_name: is empty"],
      [`x2@tinh.example,${long},`, "display_name: is longer than 200 characters"],
      ["x3@tinh.example,Tên,b", 'allowed_senders: "b" is not an address'],
      ["x4@tinh.example,Tên,a@tinh.example b", 'allowed_senders: "b" is not an address'],
      ["x5@tinh.example,Tên,none@tinh.example", "allowed_senders: there is no account none@tinh.example"],
      ["x6@tinh.example,Tên,alias@tinh.example", "allowed_senders: there is no account alias@tinh.example"],
      ["x7@tinh.example,Tên,nhom@tinh.example", "allowed_senders: there is no account nhom@tinh.example"],
      ["x8@tinh.example,Tên,b@khac.example", "allowed_senders: there is no account b@khac.example"],
      [`x9@tinh.example,Tên,${Array.from({ length: 201 }, () => "a@tinh.example").join(" ")}`, "allowed_senders: lists more than 200 addresses"],
      ["a@tinh.example,Tên,", "address: a@tinh.example is an account already"],
      ["alias@tinh.example,Tên,", "address: alias@tinh.example is an alias already"],
      ["moi@tinh.example,Lại,", "address: moi@tinh.example is already in line 2"],
      ["Moi@tinh.example,Lại,", "address: moi@tinh.example is already in line 2"],
      ["y1@tinh.example,Tên", "the row has 2 fields, the header has 3"],
      ["y2@tinh.example,Tên,,", "the row has 4 fields, the header has 3"],
      ["y3@tinh.example,\u001b[31m,", "display_name: the field has a line break or another control character"],
      ["y4@tinh.example,Tên,u@tinh.example v@tinh.example", "allowed_senders: there is no account u@tinh.example", "allowed_senders: there is no account v@tinh.example"],
    ],
  },
  "group-members.csv": {
    header: "group,member",
    rows: [
      ["nhom2@tinh.example,ai-do@khac.example"],
      [",a@tinh.example", "group: is empty"],
      ["nhom@tinh.example,", "member: is empty"],
      ["x,a@tinh.example", 'group: "x" is not an address'],
      ["nhom@tinh.example,x", 'member: "x" is not an address'],
      ["none@tinh.example,a@tinh.example", "group: there is no group none@tinh.example"],
      ["a@tinh.example,a@tinh.example", "group: there is no group a@tinh.example"],
      ["alias@tinh.example,a@tinh.example", "group: there is no group alias@tinh.example"],
      ["nhom@khac.example,a@tinh.example", "group: there is no group nhom@khac.example"],
      ["nhom@tinh.example,none@tinh.example", "member: there is no account, alias or group none@tinh.example"],
      ["nhom@tinh.example,none@v.tinh.example", "member: there is no account, alias or group none@v.tinh.example"],
      ["nhom2@tinh.example,ai-do@khac.example", "member: ai-do@khac.example in nhom2@tinh.example is already in line 2"],
      ["NHOM2@tinh.example,AI-DO@khac.example", "member: ai-do@khac.example in nhom2@tinh.example is already in line 2"],
      ["nhom2@tinh.example,nhom@tinh.example", "member: the group nhom2@tinh.example contains itself through nhom@tinh.example"],
      ["nhom@tinh.example,nhom@tinh.example", "member: the group nhom@tinh.example contains itself through nhom@tinh.example"],
      ["nhom@tinh.example", "the row has 1 fields, the header has 2"],
      ["nhom@tinh.example,a@tinh.example,x", "the row has 3 fields, the header has 2"],
      ["nhom@tinh.example,a b@tinh.example", 'member: "a b@tinh.example" is not an address'],
      ["nhom@tinh.example,a@tinh.example.", 'member: "a@tinh.example." is not an address'],
      ["nhom@tinh.example,@khac.example", 'member: "@khac.example" is not an address'],
      ["x,y", 'group: "x" is not an address', 'member: "y" is not an address'],
    ],
  },
}

describe("every bad row is reported with file, line, column and reason", () => {
  test.each(Object.entries(tables))("%s", async (file, { header, rows }) => {
    expect(rows.filter(([, ...reasons]) => reasons.length > 0).length).toBeGreaterThanOrEqual(20)
    expect(await problems({ [file]: csv(header, rows) })).toEqual(expected(file, rows))
  })

  test("credentials.csv", async () => {
    const rows: Rows = [
      ["a@tinh.example,đủ dài rồi"],
      [",đủ dài rồi", "address: is empty"],
      ["x,đủ dài rồi", 'address: "x" is not an address'],
      ["none@tinh.example,đủ dài rồi", "address: there is no account none@tinh.example"],
      ["alias@tinh.example,đủ dài rồi", "address: there is no account alias@tinh.example"],
      ["b@tinh.example,", "password: a password has at least 8 characters"],
      ["b@tinh.example,1234567", "password: a password has at least 8 characters"],
      [`c@tinh.example,${"ữ".repeat(25)}`, "password: a password has at most 72 bytes"],
      ["d@tinh.example,with\u0007bell", "password: the field has a line break or another control character"],
      ["A@tinh.example,đủ dài rồi", "address: a@tinh.example is already in line 2"],
      ["e@tinh.example", "the row has 1 fields, the header has 2"],
    ]
    expect(await problems({ "credentials.csv": csv("address,password", rows) }, "credentials.csv")).toEqual(expected("credentials.csv", rows))
  })

  test("all files at once, file by file; what refers to a bad row is not blamed", async () => {
    expect(
      await problems({
        "organization-units.csv": "code,name,kind,parent_code,domain\nW,,department,U,w.example\n",
        "accounts.csv": "address,kind,display_name,unit_code,quota\nw@w.example,personal,Tên,W,lots\n",
        "assignments.csv": "address,principal_id,rights,from,until\nw@w.example,P,all,,\n",
      }),
    ).toEqual([
      "organization-units.csv:2: name: is empty",
      'accounts.csv:2: quota: "lots" is not a size such as "500MiB" or "2GiB"',
      'assignments.csv:2: rights: "all" is not one of: owner, read, write, send-as, administer, sign',
    ])
  })
})

describe("a file that is none", () => {
  const columns = "address, target"
  test.each([
    ["unknown and missing columns", "address,goal\n", ["aliases.csv:1: goal: unknown column; the columns of this file are: " + columns, "aliases.csv:1: target: the column is missing"]],
    ["a column twice", "address,target,target\n", ["aliases.csv:1: target: the column is there twice"]],
    ["nothing", "", [`aliases.csv:1: the file is empty; its first line names the columns: ${columns}`]],
    ["an open quote", 'address,target\n"x@tinh.example,a@tinh.example\n', ["aliases.csv:2: a quote is never closed; the rest of the file was not read"]],
    ["a quote in a field", 'address,target\nx"y@tinh.example,a@tinh.example\n', ["aliases.csv:2: a quote stands inside a field that does not begin with one; the rest of the file was not read"]],
    ["text after a quote", 'address,target\n"x"y@tinh.example,a@tinh.example\n', ["aliases.csv:2: something follows a closing quote; the rest of the file was not read"]],
    ["a row without end", `address,target\n${"x".repeat(100_000)},a@tinh.example\n`, ["aliases.csv:2: the row is longer than 65536 bytes; the rest of the file was not read"]],
    ["a very long field", `address,target\n${"x".repeat(30_000)},a@tinh.example\n`, ["aliases.csv:2: address: the field is longer than 20000 characters"]],
    ["another encoding", Buffer.from("address,target\nx@tinh.example,\xe2@tinh.example\n", "latin1"), ["aliases.csv:2: target: the field is not UTF-8"]],
  ])("%s", async (_what, text, expected) => {
    expect(await problems({ "aliases.csv": text })).toEqual(expected)
  })

  test("lines are counted as an editor counts them, over empty lines and line breaks in quotes", async () => {
    expect(await problems({ "aliases.csv": 'address,target\r\n"x\r\ny@tinh.example",a@tinh.example\r\n\r\nx,a@tinh.example\r\n' })).toEqual([
      "aliases.csv:2: address: the field has a line break or another control character",
      'aliases.csv:5: address: "x" is not an address',
    ])
  })

  test("a misspelt name is not quietly left out, nor an empty folder taken for an empty province", async () => {
    expect(await problems({ "acounts.csv": "" })).toEqual([
      "acounts.csv: no file of an import has this name; they are: organization-units.csv, principals.csv, accounts.csv, assignments.csv, aliases.csv, groups.csv, group-members.csv, certificates.csv, credentials.csv",
      expect.stringMatching(/^.*: there is none of the files of an import: organization-units\.csv,/),
    ])
  })

  test("too many rows", async () => {
    const rows = Array.from({ length: 200_001 }, (_, n) => `x${n}@tinh.example,a@tinh.example\n`)
    expect(await problems({ "aliases.csv": `address,target\n${rows.join("")}` })).toEqual(["aliases.csv:200002: a file has at most 200000 rows"])
  })
})
