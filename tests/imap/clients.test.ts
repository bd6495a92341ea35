import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { ImapFlow } from "imapflow"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { createImapWorld, type ImapWorld, password } from "../support/imap-world.ts"

/** Mailbox commands and IDLE as client libraries use them. Python is skipped where it is not installed. */
const run = promisify(execFile)
let world: ImapWorld
beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())
afterEach(() => expect(world.bugs.splice(0)).toEqual([]))

const runs = async (program: string, ...args: string[]): Promise<boolean> => run(program, args).then(() => true, () => false)
const message = (subject: string): string => `From: an@tinh.example\r\nTo: binh@tinh.example\r\nSubject: ${subject}\r\n\r\nKinh gui\r\n`

test("imapflow: folders, append, fetch, flags, move, and EXISTS while idle", async () => {
  const client = new ImapFlow({ host: "127.0.0.1", port: world.server.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: "an@tinh.example", pass: password }, logger: false })
  await client.connect()
  const folders = await client.list({ statusQuery: { messages: true, unseen: true } })
  expect(folders.filter(({ specialUse }) => specialUse).map(({ path, specialUse }) => [path, specialUse])).toContainEqual(["Lưu trữ", "\\Archive"])
  await client.mailboxCreate("Dự án/2026")
  const appended = await client.append("INBOX", message("imapflow"), ["\\Flagged"])
  expect(appended).toMatchObject({ uid: 1 })
  const lock = await client.getMailboxLock("INBOX")
  const fetched = await client.fetchOne("*", { envelope: true, flags: true, source: true })
  if (!fetched) throw new Error("nothing was fetched")
  expect(fetched.envelope?.subject).toBe("imapflow")
  expect([...(fetched.flags ?? [])]).toContain("\\Flagged")
  expect(fetched.source?.toString()).toBe(message("imapflow"))
  await client.messageFlagsAdd("1", ["\\Seen"])
  expect(await client.search({ seen: true })).toEqual([1])
  expect(await client.messageMove("1", "Dự án/2026")).toMatchObject({ destination: "Dự án/2026" })
  const heard = new Promise<{ count: number }>((resolve) => client.once("exists", resolve))
  const idling = client.idle()
  await world.deliver("an@tinh.example", "arrives")
  expect(await heard).toMatchObject({ count: 1 })
  lock.release()
  await client.logout()
  await idling
})

const python = await runs("python3", "-c", "import imaplib")
test.skipIf(!python)("Python imaplib: STARTTLS and every plain command", async () => {
  const script = `
import imaplib, ssl, sys
m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
m.starttls(ssl._create_unverified_context())
def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]
ok(m.login("an@tinh.example", sys.argv[2]))
ok(m.create("py")); ok(m.subscribe("py")); ok(m.lsub()); ok(m.list()); ok(m.rename("py", "py2")); ok(m.namespace()); ok(m.getquotaroot("INBOX"))
ok(m.append("py2", "(\\\\Seen)", None, b"Subject: py\\r\\n\\r\\nbody\\r\\n"))
assert ok(m.select("py2")) == [b"1"]
assert ok(m.search(None, "SEEN")) == [b"1"]
assert ok(m.fetch("1", "(RFC822)"))[0][1] == b"Subject: py\\r\\n\\r\\nbody\\r\\n"
ok(m.copy("1", "Trash")); ok(m.store("1", "+FLAGS", "\\\\Deleted")); assert ok(m.expunge()) == [b"1"]
ok(m.uid("SEARCH", "ALL")); ok(m.noop()); ok(m.check()); ok(m.close()); ok(m.delete("py2")); m.logout()
`
  await run("python3", ["-c", script, String(world.server.ports.imap), world.appPasswords.get("an@tinh.example") ?? ""])
})
