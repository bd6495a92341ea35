import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ImapFlow } from "imapflow"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type ClientLogin, type ClientsWorld, createClientsWorld, installed, message, runClient } from "../../support/clients-kit.ts"

/** Programs that read and keep mail, as people install them, against the whole system. */
let world: ClientsWorld
let home: string
let login: ClientLogin
let there: ImapFlow
beforeAll(async () => {
  world = await createClientsWorld()
}, 120_000)
afterAll(() => world.close(), 60_000)
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "congthu-client-"))
  login = await world.newLogin()
  there = await world.imap(login)
})
afterEach(async () => {
  there.close()
  await rm(home, { recursive: true, force: true })
})

/** A name that needs modified UTF-7, one below another, one with the shift character itself. */
const folders = ["Công văn đến", "Dự án/Năm 2026", "Tổ chức & Biên chế"]
/** The same names as RFC 3501 §5.1.3 writes them. */
const encodedFolders = ["C&APQ-ng v&AQM-n &AREevw-n", "D&HvE- &AOE-n/N&AQM-m 2026", "T&HtU- ch&Huk-c &- Bi&AOo-n ch&Hr8-"]

async function fill(): Promise<void> {
  for (const folder of folders) await there.mailboxCreate(folder)
  await there.append("INBOX", message("Giấy mời họp"), ["\\Seen", "\\Flagged"])
  await there.append("INBOX", message("Báo cáo tuần"))
  await there.append("INBOX", message("Sẽ bị xóa"))
  await there.append("Công văn đến", message("Công văn số 12"), ["\\Answered"])
  await there.append("Dự án/Năm 2026", message("Kế hoạch năm"))
}

/** What every mailbox is like, so that any change made anywhere shows. */
async function state(): Promise<unknown> {
  const found = await there.list({ statusQuery: { messages: true, uidNext: true, unseen: true, highestModseq: true } })
  return found.map(({ path, status }) => [path, status?.messages, status?.uidNext, status?.unseen, String(status?.highestModseq)])
}

async function flagsBySubject(path: string): Promise<Record<string, string[]>> {
  const lock = await there.getMailboxLock(path)
  try {
    const found: Record<string, string[]> = {}
    for await (const { envelope, flags } of there.fetch("1:*", { envelope: true, flags: true })) found[envelope?.subject ?? ""] = [...(flags ?? [])].filter((flag) => flag !== "\\Recent").toSorted()
    return found
  } finally {
    lock.release()
  }
}

/** Every file below a Maildir folder's cur and new, with its bytes. */
async function maildir(path: string): Promise<{ readonly path: string; readonly text: string }[]> {
  const found = await Promise.all(["cur", "new"].map(async (sub) => (await readdir(join(path, sub))).map((name) => join(path, sub, name))))
  return Promise.all(found.flat().toSorted().map(async (file) => ({ path: file, text: await readFile(file, "utf8") })))
}

/** The file that has the subject, with its Maildir flags. */
async function fileOf(path: string, subject: string): Promise<{ readonly path: string; readonly flags: string }> {
  const id = `<${Buffer.from(subject).toString("hex")}@`
  const file = (await maildir(path)).find(({ text }) => text.includes(id))
  if (!file) throw new Error(`no file has the subject ${subject}`)
  return { path: file.path, flags: /:2,([A-Za-z]*)$/.exec(file.path)?.[1] ?? "" }
}

const unix = (text: string): string => text.replaceAll("\r\n", "\n")

describe.skipIf(!(await installed("mbsync", "isync")))("mbsync", () => {
  const mail = (): string => join(home, "mail")
  const sync = (): Promise<string> => runClient("mbsync", ["-c", join(home, "mbsyncrc"), "all"], { home })
  beforeEach(async () => {
    await mkdir(mail())
    await writeFile(join(home, "mbsyncrc"), [
      "IMAPAccount a", "Host localhost", `Port ${world.ports.imaps}`, `User ${login.address}`, `Pass ${login.password}`, "SSLType IMAPS", `CertificateFile ${world.caFile}`, "",
      "IMAPStore far", "Account a", "", "MaildirStore near", `Path ${mail()}/`, `Inbox ${mail()}/INBOX`, "SubFolders Verbatim", "",
      "Channel all", "Far :far:", "Near :near:", "Patterns *", "Create Both", "Expunge Both", "SyncState *", "",
    ].join("\n"))
    await fill()
  })

  test("brings every folder and flag, and a second run changes nothing on either side", async () => {
    await sync()
    const inbox = await maildir(join(mail(), "INBOX"))
    expect(inbox.map(({ text }) => text.replace(/^X-TUID: .*\n/m, ""))).toContainEqual(unix(message("Giấy mời họp")))
    expect((await fileOf(join(mail(), "INBOX"), "Giấy mời họp")).flags).toBe("FS")
    expect((await fileOf(join(mail(), encodedFolders[0] ?? ""), "Công văn số 12")).flags).toBe("R")
    expect(await maildir(join(mail(), encodedFolders[1] ?? ""))).toHaveLength(1)
    expect(await maildir(join(mail(), encodedFolders[2] ?? ""))).toHaveLength(0)
    const [before, files] = [await state(), await readdir(mail(), { recursive: true })]
    await sync()
    expect(await state()).toEqual(before)
    expect(await readdir(mail(), { recursive: true })).toEqual(files)
  })

  test("carries new mail, flags, deletion and new folders both ways", async () => {
    await sync()
    // here: one deleted, one read, one new, one in a new folder
    const doomed = await fileOf(join(mail(), "INBOX"), "Sẽ bị xóa")
    await rename(doomed.path, `${doomed.path.replace("/new/", "/cur/").replace(/:2,.*$/, "")}:2,T`)
    const read = await fileOf(join(mail(), "INBOX"), "Báo cáo tuần")
    await rename(read.path, `${read.path.replace("/new/", "/cur/").replace(/:2,.*$/, "")}:2,S`)
    await writeFile(join(mail(), "Sent/new/1.1.here"), unix(message("Viết ở đây")))
    for (const sub of ["cur", "new", "tmp"]) await mkdir(join(mail(), "M&Hts-i", sub), { recursive: true })
    await writeFile(join(mail(), "M&Hts-i/new/1.2.here"), unix(message("Thư mục mới")))
    // there: one deleted, one flagged
    await there.mailboxOpen("Dự án/Năm 2026")
    await there.messageDelete("1")
    await there.mailboxOpen("Công văn đến")
    await there.messageFlagsAdd("1", ["\\Flagged"])
    await there.mailboxClose()
    await sync()
    expect(await flagsBySubject("INBOX")).toEqual({ "Giấy mời họp": ["\\Flagged", "\\Seen"], "Báo cáo tuần": ["\\Seen"] })
    expect(Object.keys(await flagsBySubject("Sent"))).toEqual(["Viết ở đây"])
    expect(Object.keys(await flagsBySubject("Mới"))).toEqual(["Thư mục mới"])
    expect(await maildir(join(mail(), "INBOX"))).toHaveLength(2)
    expect(await maildir(join(mail(), encodedFolders[1] ?? ""))).toHaveLength(0)
    expect((await fileOf(join(mail(), encodedFolders[0] ?? ""), "Công văn số 12")).flags).toBe("FR")
  })
})

describe.skipIf(!(await installed("offlineimap", "offlineimap3")))("offlineimap", () => {
  const sync = (): Promise<string> => runClient("offlineimap", ["-c", join(home, "offlineimaprc"), "-o", "-u", "basic"], { home })
  beforeEach(async () => {
    await writeFile(join(home, "offlineimaprc"), [
      "[general]", "accounts = a", `metadata = ${home}/state`, "", "[Account a]", "localrepository = near", "remoterepository = far", "",
      "[Repository near]", "type = Maildir", `localfolders = ${home}/mail`, "sep = /", "",
      "[Repository far]", "type = IMAP", "remotehost = localhost", `remoteport = ${world.ports.imaps}`, "ssl = yes", `sslcacertfile = ${world.caFile}`, `remoteuser = ${login.address}`, `remotepass = ${login.password}`, "",
    ].join("\n"))
    await fill()
  })

  test("brings every folder, carries changes both ways, and a run without changes makes none", async () => {
    await sync()
    expect((await fileOf(join(home, "mail/INBOX"), "Giấy mời họp")).flags).toBe("FS")
    for (const [at, folder] of encodedFolders.entries()) expect(await maildir(join(home, "mail", folder)), folders[at]).toHaveLength(at === 2 ? 0 : 1)
    const before = await state()
    await sync()
    expect(await state()).toEqual(before)
    const doomed = await fileOf(join(home, "mail/INBOX"), "Sẽ bị xóa")
    await rm(doomed.path)
    await writeFile(join(home, "mail/Sent/new/1.1.here"), unix(message("Viết ở đây")))
    await there.mailboxOpen("Công văn đến")
    await there.messageFlagsAdd("1", ["\\Flagged"])
    await there.mailboxClose()
    await sync()
    expect(Object.keys(await flagsBySubject("INBOX"))).toEqual(["Giấy mời họp", "Báo cáo tuần"])
    expect(Object.keys(await flagsBySubject("Sent"))).toEqual(["Viết ở đây"])
    expect((await fileOf(join(home, "mail", encodedFolders[0] ?? ""), "Công văn số 12")).flags).toBe("FR")
  })
})

describe.skipIf(!(await installed("getmail", "getmail6")))("getmail", () => {
  test("retrieves all folders byte for byte, deletes what it took, and finds nothing the second time", async () => {
    await fill()
    for (const sub of ["mail/cur", "mail/new", "mail/tmp", "getmail"]) await mkdir(join(home, sub), { recursive: true })
    await writeFile(join(home, "getmail/getmailrc"), [
      "[retriever]", "type = SimpleIMAPSSLRetriever", "server = localhost", `port = ${world.ports.imaps}`, `username = ${login.address}`, `password = ${login.password}`, `ca_certs = ${world.caFile}`, "mailboxes = ALL", "",
      // its own Maildir destination refuses to write as root, which CI is
      "[destination]", "type = MDA_external", "path = /bin/sh", `arguments = ("-c", "cat > $(mktemp ${home}/mail/new/XXXXXX)")`, "allow_root_commands = true", "", "[options]", "delete = true", "delivered_to = false", "received = false", "",
    ].join("\n"))
    const get = (): Promise<string> => runClient("getmail", ["--getmaildir", join(home, "getmail")], { home })
    await get()
    const texts = (await maildir(join(home, "mail"))).map(({ text }) => text.replace(/^(?:Return-Path: <unknown>|X-getmail-.*)\n/gm, ""))
    expect(texts).toHaveLength(5)
    for (const subject of ["Giấy mời họp", "Công văn số 12", "Kế hoạch năm"]) expect(texts).toContainEqual(unix(message(subject)))
    expect(await get()).toContain(" 0 messages (0 bytes) retrieved")
    expect(await maildir(join(home, "mail"))).toHaveLength(5)
    expect(await flagsBySubject("INBOX")).toEqual({})
  })
})

describe.skipIf(!(await installed("neomutt", "neomutt", ["-v"])) || !(await installed("script", "bsdutils")))("neomutt", () => {
  /** Presses keys in a terminal of its own; the last ones must quit. */
  async function press(keys: string): Promise<void> {
    await writeFile(join(home, "keys"), [...muttrc(), `push '${keys}'`, ""].join("\n"))
    await runClient("script", ["-qec", `neomutt -n -F ${join(home, "keys")}`, "/dev/null"], { home })
  }
  const muttrc = (): string[] => [
    `set folder=imaps://localhost:${world.ports.imaps}/ spoolfile=+INBOX record=+Sent postponed=+Drafts`, `set imap_user="${login.address}" imap_pass="${login.password}"`, `set smtp_url="smtp://${login.address}@localhost:${world.ports.submission}/" smtp_pass="${login.password}" ssl_starttls=yes ssl_force_tls=yes`,
    `set certificate_file=${world.caFile} from="${login.address}" realname="Người thử" charset=utf-8 send_charset=utf-8`,
    "set delete=yes quit=yes move=no confirmappend=no confirmcreate=no mbox_type=Maildir wait_key=no auto_tag=no sleep_time=0 imap_idle=yes copy=yes",
  ]

  test("reads, copies, flags, searches on the server, moves and expunges", async () => {
    await fill()
    await press(`<tag-pattern>~A<enter><tag-prefix><copy-message>${home}/copied<enter><untag-pattern>~A<enter><limit>=s "Báo cáo"<enter><set-flag>!<limit>all<enter><search>~s "Sẽ bị"<enter><delete-message><search>~s "Giấy mời"<enter><save-message>=Trash<enter><sync-mailbox><quit>`)
    expect(await maildir(join(home, "copied"))).toHaveLength(3)
    expect(await flagsBySubject("INBOX")).toEqual({ "Báo cáo tuần": ["Old", "\\Flagged"] })
    expect(Object.keys(await flagsBySubject("Trash"))).toEqual(["Giấy mời họp"])
  })

  test("sends an attachment with a Vietnamese name over STARTTLS, and it arrives while another client idles", async () => {
    const arrived = new Promise<void>((resolve) => there.once("exists", () => resolve()))
    await there.mailboxOpen("INBOX")
    const idling = there.idle()
    await writeFile(join(home, "muttrc"), [...muttrc(), ""].join("\n"))
    await writeFile(join(home, "Tờ trình số 7.txt"), "Nội dung tờ trình\n")
    await writeFile(join(home, "letter"), "Kính gửi.\n")
    await runClient("sh", ["-c", `neomutt -n -F "$1/muttrc" -s "Tờ trình" -a "$1/Tờ trình số 7.txt" -- "$2" < "$1/letter"`, "sh", home, login.address], { home })
    await arrived
    const received = await there.fetchOne("1", { bodyStructure: true, envelope: true })
    await idling
    if (!received) throw new Error("nothing was fetched")
    expect(received.envelope?.subject).toBe("Tờ trình")
    expect(received.bodyStructure?.childNodes?.[1]?.dispositionParameters).toMatchObject({ filename: "Tờ trình số 7.txt" })
  })
})

describe.skipIf(!(await installed("python3", "python3", ["-c", "import imaplib"])))("Python imaplib", () => {
  test("over STARTTLS: Vietnamese search, APPEND, partial fetch, flags, UID commands, expunge", async () => {
    await fill()
    const script = `
import imaplib, ssl, sys, time
host, port, ca, user, password = "localhost", int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
m = imaplib.IMAP4(host, port, 10)
assert "LOGINDISABLED" in m.capabilities and "AUTH=PLAIN" not in m.capabilities, m.capabilities
try:
    m.login(user, password)
    raise SystemExit("a password was taken without TLS")
except imaplib.IMAP4.error: pass
def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]
ok(m.starttls(ssl.create_default_context(cafile=ca)))
ok(m.login(user, password))
assert ok(m.enable("CONDSTORE"))
assert ok(m.select("INBOX")) == [b"3"]
def find(key, word):
    m.literal = word.encode()
    return ok(m.search("UTF-8", key))[0].split()
assert find("SUBJECT", "giấy mời") == [b"1"]
assert find("SUBJECT", "BÁO CÁO") == [b"2"]
assert find("TEXT", "đồng chí") == [b"1", b"2", b"3"]
assert find("BODY", "không có ở đâu") == []
assert m.search("KOI8-V", "ALL")[0] == "NO"
raw = "Subject: =?utf-8?B?VGjhu60=?=\\r\\n\\r\\nnội dung thử\\r\\n".encode()
code = ok(m.append('"C&APQ-ng v&AQM-n &AREevw-n"', "(\\\\Seen $Gap)", imaplib.Time2Internaldate(time.mktime((2026, 3, 2, 8, 0, 0, 0, 0, 0))), raw))
assert code[0].startswith(b"[APPENDUID "), code
assert m.append("Khong-co", None, None, raw)[0] == "NO"
assert ok(m.select('"C&APQ-ng v&AQM-n &AREevw-n"')) == [b"2"]
assert ok(m.fetch("2", "(BODY.PEEK[]<9.12>)"))[0] == (b"2 (BODY[]<9> {12}", raw[9:21])
past = ok(m.fetch("2", "(BODY.PEEK[TEXT]<1000.5>)"))[0]
assert past in ((b"2 (BODY[TEXT]<1000> {0}", b""), b'2 (BODY[TEXT]<1000> "")'), past
assert b"$Gap" in ok(m.fetch("2", "(FLAGS INTERNALDATE)"))[0]
assert ok(m.search(None, "KEYWORD", "$Gap")) == [b"2"]
uid = ok(m.uid("SEARCH", "ALL"))[0].split()[1]
ok(m.uid("COPY", uid, "Trash")); ok(m.uid("STORE", uid, "+FLAGS", "(\\\\Deleted)"))
assert ok(m.expunge()) == [b"2"]
assert ok(m.status("Trash", "(MESSAGES UIDNEXT UNSEEN HIGHESTMODSEQ)"))[0].startswith(b"Trash (MESSAGES 1 ")
ok(m.unselect()); m.logout()
`
    await runClient("python3", ["-c", script, String(world.ports.imap), world.caFile, login.address, login.password], { home })
  })
})

describe.skipIf(!(await installed("curl", "curl")))("curl", () => {
  const curl = (...args: readonly string[]): Promise<string> => runClient("curl", ["-sS", "--max-time", "15", "--cacert", world.caFile, "-u", `${login.address}:${login.password}`, ...args], { home })
  const at = (path: string): string => `imaps://localhost:${world.ports.imaps}/${path}`

  test("lists, uploads, fetches by number, by UID and in part, and searches", async () => {
    await fill()
    expect(await curl(at(""))).toContain(`"${encodedFolders[2]}"`)
    await writeFile(join(home, "letter"), message("Gửi bằng curl"))
    await curl("-T", join(home, "letter"), at("Sent"))
    expect(await curl(at("Sent;MAILINDEX=1"))).toBe(message("Gửi bằng curl"))
    expect(await curl(at("INBOX;UID=2"))).toBe(message("Báo cáo tuần"))
    expect(await curl(at("INBOX;MAILINDEX=1;SECTION=TEXT"))).toBe("Kính gửi đồng chí.\r\n")
    expect(await curl(at("INBOX?SUBJECT%20%22Giay%20moi%22"))).toBe("* SEARCH\r\n")
    expect(await curl(at("INBOX?FLAGGED"))).toBe("* SEARCH 1\r\n")
    expect(await curl("-X", "STATUS Sent (MESSAGES)", at(""))).toBe("* STATUS Sent (MESSAGES 1)\r\n")
  })

  test("takes STARTTLS, and is refused with a wrong password", async () => {
    const starttls = `imap://localhost:${world.ports.imap}/`
    expect(await curl("--ssl-reqd", starttls)).toContain('"/" INBOX')
    // curl's exit code 67: the server denied the login
    await expect(curl("-u", `${login.address}:khong-phai-the`, at(""))).rejects.toThrow(/Login denied|\(67\)/)
  })
})
