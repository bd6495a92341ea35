import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { addOutboundCommands } from "../../src/cli/outbound-commands.ts"
import { createOutboundStore } from "../../src/store/sql/outbound.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let accountId: number
let address: string
let options: CommandsOptions
let congthu: (...args: readonly string[]) => Promise<CommandResult>
beforeAll(async () => {
  store = await createTestStore()
  accountId = await store.account("lo@tinh.example")
  address = (await store.database.query<{ address: string }>({ text: "SELECT address FROM account WHERE id = $1" }, [accountId]))[0]?.address ?? ""
  options = { databaseUrl: store.database.url, dataDir: join(store.blobDir, "data") }
  congthu = commandsHere([addOutboundCommands], options)
})
afterAll(() => store.close())

const held = { kind: "approval", ruleId: "outbound.limit", reasonVi: "Gửi quá nhiều", reasonEn: "Sends too much", notify: [] } as const

test("an account that was stopped is shown, and cleared with what is held of it", async () => {
  await createOutboundStore(store).hold(accountId, held)
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const content = await store.prepare("Message-ID: <giu@tinh.example>\r\n\r\nx\r\n")
  const one = acceptance({ content, accountIds: [], remote: ["bo@xa.example"], directoryVersion: current?.version ?? 0 })
  const { envelopeId } = unwrap(await store.acceptances.commit({ ...one, held, session: { ...one.session, accountId } }))
  expect((await congthu("outbound", "list")).out).toMatch(new RegExp(`^ACCOUNT +SINCE +MESSAGES +REASON\n${address} +\\S+ \\S+ +1 +Gửi quá nhiều\n$`))
  expect(await congthu("outbound", "clear", address, "--release", "--refuse", "x")).toMatchObject({ code: 1, err: "either --release or --refuse\n" })
  expect(await congthu("outbound", "clear", address, "--refuse", "thư rác")).toMatchObject({ code: 0, err: `${address} may send again. 1 held message was refused.\n` })
  expect(await store.database.query({ text: "SELECT state, diagnostic FROM delivery WHERE envelope_id = $1" }, [envelopeId])).toEqual([{ state: "failed", diagnostic: "thư rác" }])
  expect(await runCongthu(options, "outbound", "clear", address)).toMatchObject({ code: 1 })
  expect(await congthu("outbound", "list")).toMatchObject({ code: 0, out: "", err: "No account's mail is held.\n" })
})

test("the suppression list is kept by hand, too", async () => {
  expect(await congthu("suppression", "list")).toMatchObject({ code: 0, err: "No recipient is suppressed.\n" })
  expect(await congthu("suppression", "add", "Cu@XA.example", "--note", "đã nghỉ hưu", "--by", "QT1")).toMatchObject({ code: 0, err: "Cu@xa.example is refused at submission until it is removed from the list.\n" })
  expect((await congthu("suppression", "show", "Cu@xa.example")).out).toMatch(/^until {6}it is removed\nset by {5}QT1\nreason {5}đã nghỉ hưu$/m)
  expect((await congthu("suppression", "list")).out).toMatch(/^Cu@xa\.example +0 +\S+ \S+ +it is removed +QT1$/m)
  expect(await congthu("suppression", "add", "x@xa.example", "--for", "soon")).toMatchObject({ code: 1, err: '"soon" is not a duration such as "30d"\n' })
  expect(await congthu("suppression", "remove", "Cu@xa.example")).toMatchObject({ code: 0, err: "Cu@xa.example may be written to again; the count begins anew.\n" })
  expect(await congthu("suppression", "remove", "Cu@xa.example")).toMatchObject({ code: 1 })
  expect(await congthu("suppression", "show", "khong phai")).toMatchObject({ code: 1 })
})
