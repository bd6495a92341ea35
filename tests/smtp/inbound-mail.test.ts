import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { ok } from "../../src/base/result.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { createMessageAuthenticator } from "../../src/intake/authenticity/authenticate-message.ts"
import { createDmarcTally } from "../../src/intake/authenticity/dmarc-tally.ts"
import { createJudging } from "../../src/intake/judging.ts"
import { createScanner } from "../../src/intake/scan/scan.ts"
import { failed } from "../../src/base/result.ts"
import { failure } from "../../src/mail/failure.ts"
import type { SpamFacts } from "../../src/policy/scan-facts.ts"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import type { Greylist } from "../../src/smtp/greylist.ts"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { createDmarcStore } from "../../src/store/sql/dmarc.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { rsaMailKey, signedByMailauth } from "../support/mail-keys.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, type SmtpWorld } from "../support/smtp-world.ts"

/** Mail from other servers over real sockets, authenticated on a real DNS, judged by the shipped policy: every refusal comes at RCPT or at the end of DATA. */
const key = rsaMailKey()
const policy = readPolicy(readFileSync(new URL("../../config/policy.yaml", import.meta.url), "utf8"))

describe.skipIf(dnsUnavailable() !== undefined)("mail from another server", () => {
  let dns: DnsWorld
  let world: SmtpWorld
  let server: SmtpServer
  const scan: { virus: string | null; spam: SpamFacts | null; down: boolean } = { virus: null, spam: null, down: false }
  let tally: ReturnType<typeof createDmarcTally>

  beforeAll(async () => {
    if (!policy.ok) throw new Error("the shipped policy is bad")
    const compiled = compilePolicy(policy.value)
    dns = await startDns({
      unsigned: {
        "gui.example": `@ TXT "v=spf1 ip4:127.0.0.1 -all"\n_dmarc TXT "v=DMARC1; p=reject"\nr._domainkey ${key.record}`,
        "gia.example": '@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"',
        "cach.example": '@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=quarantine"',
        "cam.example": '@ TXT "v=spf1 -all"',
        "im.example": "@ A 192.0.2.1",
        "tinh.example": `@ TXT "v=spf1 -all"\nr._domainkey ${key.record}`,
      },
      bogus: { "hong.example": "@ A 192.0.2.1" },
    })
    world = await createSmtpWorld()
    await world.store.database.query({ text: "INSERT INTO mailbox (account_id, name, special_use) SELECT id, 'Junk', '\\Junk' FROM account" })
    tally = createDmarcTally({ store: createDmarcStore(world.store.database), log: { dmarcNotCounted: ({ error }) => void world.failures.push(error) } })
    const intake = createIntake({
      directory: world.directory, acceptances: world.store.acceptances, rates: { take: () => true, isExhausted: () => false }, clock: systemClock, wake: (done) => void world.committed.push(done),
      config: { hostname: "mail.tinh.example", expiryMs: 86_400_000 }, mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
      policy: {
        judging: createJudging({
          policy: { current: () => ({ version: 1, policy: compiled }) }, signatures: { read: async () => ok(null) }, administrators: () => [], seal: () => Buffer.from("{}"), software: "congthu test",
          authenticator: createMessageAuthenticator({ dns: dns.resolver(), clock: systemClock, hostname: "mail.tinh.example", timeoutMs: 20_000, isExempt: () => false, trustedSealers: [] }),
          scanner: createScanner({
            mustAnswer: true, log: { scannerDown: () => undefined },
            virus: async () => {
              if (scan.down) throw new Error("down")
              return scan.virus
            },
            spam: async () => scan.spam ?? { score: 0, action: "no action" },
          }),
        }),
        signer: { sign: async () => failed(failure("unavailable", "no key")) },
        recordRefused: async () => undefined,
        tally,
      },
    })
    server = await world.server({}, { intake })
  })
  afterAll(async () => {
    await tally.close()
    await world.close()
    await dns.stop()
  })

  async function send(bytes: string, from: string, port = server.ports.smtp): Promise<string> {
    const client = new SmtpClient(port, false)
    await client.reply()
    for (const line of ["EHLO thu.ngoai.example", `MAIL FROM:<${from}>`, "RCPT TO:<an@tinh.example>"]) {
      const reply = await client.command(line)
      if (!reply.startsWith("250")) return `at ${line.slice(0, 4)}: ${reply}`
    }
    await client.command("DATA")
    client.send(`${bytes}.\r\n`)
    const reply = (await client.reply())?.join("\n") ?? "closed"
    client.destroy()
    return reply
  }
  const message = (author: string): string => `From: ${author}\r\nTo: an@tinh.example\r\nSubject: Bao cao\r\n\r\nNoi dung\r\n`
  const mailboxOfLast = async (): Promise<string> => {
    const ids = world.committed.at(-1)?.deliveryIds ?? []
    await world.store.deliveries.deliverLocal(ids, Date.now())
    const [row] = await world.store.database.query<{ name: string }>({ text: "SELECT b.name FROM message m JOIN mailbox b ON b.id = m.mailbox_id WHERE m.delivery_id = $1" }, [ids[0]])
    return row?.name ?? "nowhere"
  }

  test.each([
    ["of a domain that authenticates it", "a@gui.example", "a@gui.example", "INBOX"],
    ["of a domain that says nothing", "a@im.example", "a@im.example", "INBOX"],
    ["that fails where the domain asks for quarantine", "a@cach.example", "a@cach.example", "Junk"],
    ["that SPF forbids, of a domain without DMARC", "a@cam.example", "a@cam.example", "Junk"],
    ["of two authors", "a@im.example, b@gui.example", "a@gui.example", "Junk"],
  ])("%s is taken, and lies in %#", async (_, author, from, mailbox) => {
    expect(await send(message(author), from)).toMatch(/^250 /)
    expect(await mailboxOfLast()).toBe(mailbox)
  })

  test.each([
    ["that fails where the domain asks for it", "a@gia.example", "a@gia.example", /^550 5\.7\.26 /],
    ["of a colleague who is none", "binh@tinh.example", "a@gui.example", /^550 5\.7\.1 /],
    ["of an address here that nobody has", "giam-doc@tinh.example", "a@gui.example", /^550 5\.7\.1 /],
    ["while the DNS cannot say, for now", "a@hong.example", "a@gui.example", /^451 4\.4\.3 /],
  ])("%s is refused at the end of DATA", async (_, author, from, reply) => {
    const before = await world.envelopes()
    expect(await send(message(author), from)).toMatch(reply)
    expect(await world.envelopes()).toBe(before)
  })

  test("what our own domain signed may come back by way of others", async () => {
    expect(await send(await signedByMailauth(message("binh@tinh.example"), { domain: "tinh.example", selector: "r", key }), "a@gui.example")).toMatch(/^250 /)
  })

  test("the reader's client is told what was found, in our words only", async () => {
    await send(`Authentication-Results: mail.tinh.example; dmarc=pass header.from=gia.example\r\n${message("a@gui.example")}`, "a@gui.example")
    const { tracePrefix, bytes } = await world.last()
    expect(tracePrefix.replace(/\r\n\t/g, " ")).toContain("Authentication-Results: mail.tinh.example; spf=pass smtp.mailfrom=gui.example; dkim=none; dmarc=pass header.from=gui.example policy.dmarc=reject\r\n")
    expect(bytes.toString()).not.toContain("gia.example")
  })

  test.each([
    ["a virus", { virus: "Congthu.Test" }, /^550 5\.7\.1 /],
    ["spam that is certain", { spam: { score: 20, action: "reject" } }, /^550 5\.7\.1 /],
    ["spam that should come again", { spam: { score: 5, action: "greylist" } }, /^450 4\.7\.1 /],
    ["a scanner that does not answer", { down: true }, /^451 4\.3\.0 /],
  ])("%s is refused at the end of DATA", async (_, found, reply) => {
    Object.assign(scan, { virus: null, spam: null, down: false }, found)
    expect(await send(message("a@gui.example"), "a@gui.example")).toMatch(reply)
    Object.assign(scan, { virus: null, spam: null, down: false })
  })

  test("what looks like spam lies in Junk", async () => {
    scan.spam = { score: 8, action: "add header" }
    expect(await send(message("a@gui.example"), "a@gui.example")).toMatch(/^250 /)
    scan.spam = null
    expect(await mailboxOfLast()).toBe("Junk")
  })

  test("an unknown sender is asked at RCPT to come again; known ones and those at other doors are not", async () => {
    const seen: string[] = []
    const greylist: Greylist = { delayMs: 300_000, isExempt: () => false, store: { seen: async ({ sender, recipient }) => seen.push(`${sender} ${recipient}`) > 1 } }
    const { ports } = await world.server({}, { greylist })
    expect(await send(message("a@gui.example"), "A@gui.example", ports.smtp)).toMatch(/^at RCPT: 451 4\.7\.1 /)
    expect(await send(message("a@gui.example"), "a@gui.example", ports.smtp)).toMatch(/^250 /)
    expect(seen).toEqual(["a@gui.example an@tinh.example", "a@gui.example an@tinh.example"])
  })

  test("what became of it is counted for the domain's report", async () => {
    await tally.close()
    const [counts, day] = [createDmarcStore(world.store.database), new Date().toISOString().slice(0, 10)]
    const days = await Promise.all((await counts.domains(day)).map((domain) => counts.ofDomain({ day, domain, limit: 100 })))
    const rows = days.flatMap((one) => one.counts)
    expect(rows.map(({ headerFrom, disposition, override, spf, messages }) => [headerFrom, disposition, override, spf.result, messages > 0])).toEqual(expect.arrayContaining([
      ["gia.example", "reject", "", "fail", true], ["cach.example", "quarantine", "", "fail", true], ["gui.example", "none", "", "pass", true],
    ]))
    expect(rows.some(({ headerFrom }) => headerFrom === "im.example" || headerFrom === "hong.example")).toBe(false)
    expect(new Set(days.map(({ record }) => record))).toEqual(new Set(["v=DMARC1; p=reject", "v=DMARC1; p=quarantine"]))
    expect(world.failures).toEqual([])
  })
})
