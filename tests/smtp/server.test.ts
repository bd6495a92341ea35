import { createHash } from "node:crypto"
import { readdir } from "node:fs/promises"
import nodemailer from "nodemailer"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { createAcceptanceStore } from "../../src/store/sql/acceptances.ts"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, password, type SmtpWorld } from "../support/smtp-world.ts"
import { testLog } from "../support/store.ts"

let world: SmtpWorld
let server: SmtpServer
const clients: SmtpClient[] = []

beforeAll(async () => {
  world = await createSmtpWorld()
  server = await world.server()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  expect(world.failures.splice(0)).toEqual([])
})
afterAll(() => world.close())

const connect = async (port: number, secure = false): Promise<SmtpClient> => {
  const client = new SmtpClient(port, secure)
  clients.push(client)
  const greeting = await client.reply()
  if (greeting?.[0]?.startsWith("220") !== true) throw new Error(`greeting: ${greeting?.join()}`)
  await client.command("EHLO may.example")
  return client
}

/** Up to the 354. */
const begin = async (client: SmtpClient, to = "an@tinh.example", from = "a@ngoai.example"): Promise<void> => {
  for (const [line, code] of [[`MAIL FROM:<${from}>`, "250"], [`RCPT TO:<${to}>`, "250"], ["DATA", "354"]] as const) {
    const reply = await client.command(line)
    if (!reply.startsWith(code)) throw new Error(`${line}: ${reply}`)
  }
}

const send = async (message: Buffer | string, port = server.ports.smtp): Promise<string> => {
  const client = await connect(port)
  await begin(client)
  client.send(message)
  client.send("\r\n.\r\n")
  return (await client.reply())?.join("\n") ?? "closed"
}

const transport = (port: number, options: object = {}) =>
  nodemailer.createTransport({ host: "127.0.0.1", port, tls: { ca: world.ca, servername: "localhost" }, auth: { user: "an@tinh.example", pass: world.appPasswords.get("an@tinh.example") ?? "" }, ...options })

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
const blobs = async (): Promise<number> => (await readdir(world.store.blobDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

describe("a mail client", () => {
  test.each(["submission", "submissions"] as const)("sends a Vietnamese letter with an attachment by %s", async (door) => {
    const attachment = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index) % 251))
    await transport(server.ports[door], door === "submissions" ? { secure: true } : { requireTLS: true }).sendMail({
      from: { name: "Nguyễn Văn An", address: "an@tinh.example" }, to: ["binh@tinh.example", "van-phong@tinh.example"], bcc: "khach@xa.example",
      subject: "Công văn hỏa tốc", text: "Kính gửi", attachments: [{ filename: "Báo cáo quý I.pdf", content: attachment }],
    })
    const stored = await world.last()
    expect(stored.recipients).toEqual(["binh@tinh.example", "van-phong@tinh.example", "khach@xa.example"])
    expect(stored.tracePrefix.replace(/\r\n\s/g, " ")).toMatch(/^Return-Path: <an@tinh.example>\r\nReceived: from .* with ESMTPSA id .* tls TLS_AES_/)
    expect(stored.source).toBe("submission")
    expect(stored.audit).toMatchObject({ principalId: "an" })
    expect(stored.audit.tls).toMatch(/^TLSv1\.3 TLS_/)
    expect(stored.bytes.includes(attachment.toString("base64").slice(0, 76))).toBe(true)
  })

  test("keeps the very bytes it sent when nothing is missing, and gains Date and Message-ID when they are", async () => {
    const whole = "Date: Mon, 15 Jun 2026 10:00:00 +0700\r\nMessage-ID: <1@may.example>\r\nFrom: an@tinh.example\r\n\r\nthân thư\r\n..\r\n"
    await transport(server.ports.submissions, { secure: true }).sendMail({ envelope: { from: "an@tinh.example", to: "binh@tinh.example" }, raw: whole })
    const kept = await world.last()
    expect(sha256(kept.bytes)).toBe(sha256(Buffer.from(whole)))
    expect(kept.row["sha256"]).toEqual(createHash("sha256").update(whole).digest())
    await transport(server.ports.submissions, { secure: true }).sendMail({ envelope: { from: "an@tinh.example", to: "binh@tinh.example" }, raw: "From: an@tinh.example\r\nBcc: x@y.example\r\n\r\nbody\r\n" })
    expect((await world.last()).bytes.toString()).toMatch(/^Date: [^\r]+\r\nMessage-ID: <[^>]+@mail.tinh.example>\r\nFrom: an@tinh.example\r\n\r\nbody\r\n$/)
  })

  test("has its DSN parameters and REQUIRETLS kept", async () => {
    await transport(server.ports.submissions, { secure: true }).sendMail({
      envelope: { from: "an@tinh.example", to: "binh@tinh.example", dsn: { id: "QQ+1", return: "headers", notify: ["success", "delay"], recipient: "binh@tinh.example" } }, raw: "From: an@tinh.example\r\n\r\nx",
      dsn: { id: "QQ+1", return: "headers", notify: ["success", "delay"], recipient: "binh@tinh.example" },
    })
    const stored = await world.last()
    expect(stored.notify).toEqual(["success,delay"])
    expect(stored.row).toMatchObject({ ret: "headers", envid: "QQ+1" })
    const client = await connect(server.ports.submissions, true)
    await client.command(`AUTH PLAIN ${Buffer.from(`\0an@tinh.example\0${world.appPasswords.get("an@tinh.example")}`).toString("base64")}`)
    expect(await client.command("MAIL FROM:<an@tinh.example> REQUIRETLS")).toMatch(/^250 2\.1\.0/)
    await client.command("RCPT TO:<binh@tinh.example>")
    await client.command("DATA")
    expect(await client.command("From: an@tinh.example\r\n\r\nx\r\n.")).toMatch(/^250 2\.0\.0/)
    expect((await world.last()).row["require_tls"]).toBe(true)
  })

  test("may send so many messages in an hour", async () => {
    const limited = await world.server({}, {}, 2)
    const client = await connect(limited.ports.submissions, true)
    await client.command(`AUTH PLAIN ${Buffer.from(`\0binh@tinh.example\0${world.appPasswords.get("binh@tinh.example")}`).toString("base64")}`)
    const message = "From: binh@tinh.example\r\n\r\nx\r\n."
    const replies: string[] = []
    for (let turn = 0; turn < 3; turn++) {
      await begin(client, "an@tinh.example", "binh@tinh.example")
      replies.push((await client.command(message)).slice(0, 9))
    }
    expect(replies).toEqual(["250 2.0.0", "250 2.0.0", "450 4.7.1"])
    expect(await client.command("MAIL FROM:<binh@tinh.example>")).toMatch(/^450 4\.7\.1/)
  })
})

describe("limits", () => {
  test("a message over the limit is refused at its end, and nothing of it stays", async () => {
    const before = await blobs()
    expect(await send(`Subject: x\r\n\r\n${"0123456789abcdef\r\n".repeat(120_000)}`)).toMatch(/^552 5\.3\.4/)
    expect(await blobs()).toBe(before)
  })

  test("who goes on far beyond the limit is cut off", async () => {
    const client = await connect(server.ports.smtp)
    await begin(client)
    client.send(`Subject: x\r\n\r\n${"0123456789abcdef\r\n".repeat(260_000)}`)
    expect((await client.reply())?.join()).toMatch(/^552 5\.3\.4/)
    expect(await client.closed()).toBe(true)
  })

  test("connections from one address, and in all", async () => {
    const narrow = await world.server({ maxConnectionsPerAddress: 2 })
    const [first] = [await connect(narrow.ports.smtp), await connect(narrow.ports.submission)]
    const third = new SmtpClient(narrow.ports.smtp, false)
    clients.push(third)
    expect((await third.reply())?.join()).toMatch(/^421 4\.7\.0/)
    expect(await third.closed()).toBe(true)
    await first?.command("QUIT")
    await vi.waitFor(async () => expect((await connect(narrow.ports.smtp)) instanceof SmtpClient).toBe(true))
    const full = await world.server({ maxConnections: 0 })
    const refused = new SmtpClient(full.ports.smtp, false)
    clients.push(refused)
    expect((await refused.reply())?.join()).toMatch(/^421 4\.7\.0/)
  })

  test.each<[string, (client: SmtpClient) => Promise<unknown>]>([
    ["a handshake and QUIT", async (client) => [await client.startTls(), await client.command("QUIT")]],
    ["a handshake and no word", async (client) => [await client.startTls(), client.destroy()]],
    ["a handshake that fails", async (client) => [client.send("no handshake\r\n"), await client.closed()]],
    ["no handshake", async (client) => client.destroy()],
  ])("a connection that said STARTTLS leaves its place to the next: after %s", async (_, end) => {
    const narrow = await world.server({ maxConnectionsPerAddress: 1 })
    for (let round = 0; round < 3; round++) {
      const client = await vi.waitFor(() => connect(narrow.ports.smtp), { timeout: 5_000 })
      await client.command("EHLO may.example")
      expect(await client.command("STARTTLS")).toMatch(/^220 /)
      await end(client)
    }
  })

  test("silence ends with 421 4.4.2", async () => {
    const impatient = await world.server({ idleTimeout: 200 })
    const client = await connect(impatient.ports.smtp)
    expect((await client.reply())?.join()).toMatch(/^421 4\.4\.2/)
    expect(await client.closed()).toBe(true)
  })

  test("a nearly full disk defers mail before it is sent", async () => {
    const client = await connect(server.ports.smtp)
    world.disk.low = true
    try {
      expect(await client.command("MAIL FROM:<a@ngoai.example>")).toMatch(/^452 4\.3\.1/)
    } finally {
      world.disk.low = false
    }
    expect(await client.command("MAIL FROM:<a@ngoai.example>")).toMatch(/^250/)
  })
})

test.each(["smtp", "submission"] as const)("what comes in clear after the reply to STARTTLS is no command at %s (RFC 3207 §4.2)", async (door) => {
  const client = await connect(server.ports[door])
  expect(await client.command("STARTTLS")).toMatch(/^220 /)
  client.send("NOOP\r\nEHLO a.example\r\n")
  expect(await client.reply()).toBeUndefined()
})

describe("trouble behind the door", () => {
  test("a suspension holds from the next message on, also for who is signed in", async () => {
    const client = await connect(server.ports.submissions, true)
    await client.command(`AUTH PLAIN ${Buffer.from(`\0binh@tinh.example\0${world.appPasswords.get("binh@tinh.example")}`).toString("base64")}`)
    await begin(client, "an@tinh.example", "binh@tinh.example")
    await world.store.database.query({ text: "UPDATE principal SET suspended_at = now() WHERE id = 'binh'; UPDATE directory_version SET version = version + 1" })
    try {
      expect(await client.command("From: binh@tinh.example\r\n\r\nx\r\n.")).toMatch(/^550 5\.7\.1/)
    } finally {
      await world.store.database.query({ text: "UPDATE principal SET suspended_at = NULL WHERE id = 'binh'; UPDATE directory_version SET version = version + 1" })
      await world.directory.refresh()
    }
  })

  test("without the database mail gets 451 4.3.0", async () => {
    const away = openDatabase({ url: "postgres://nobody@127.0.0.1:1/none", poolSize: 1, applicationName: "tests" })
    const intake = createIntake({
      directory: world.directory, acceptances: createAcceptanceStore({ database: away, log: testLog }), rates: { take: () => true, isExhausted: () => false }, clock: systemClock,
      wake: () => undefined, config: { hostname: "mail.tinh.example", expiryMs: 1_000 }, mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
    })
    const down = await world.server({}, { intake })
    expect(await send("Subject: x\r\n\r\nx", down.ports.smtp)).toMatch(/^451 4\.3\.0/)
    await away.close()
  })

  test("without the store of credentials signing in gets 454 4.7.0, and an exception never shows", async () => {
    const down = await world.server({}, { authenticator: { login: () => Promise.reject(new Error("secret detail")) } })
    const client = await connect(down.ports.submissions, true)
    expect(await client.command(`AUTH PLAIN ${Buffer.from("\0a\0b").toString("base64")}`)).toMatch(/^454 4\.7\.0 (?!.*secret)/)
    expect(world.failures.splice(0)).toHaveLength(1)
  })

  test("whoever has a second factor is told to use an app password, in both languages (RFC 4954 §6: 534 5.7.9)", async () => {
    const [account] = await world.store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'an@tinh.example'" })
    const factors = createFactorStore(world.store.database)
    const owner = { accountId: account?.id ?? 0, principalId: "an" }
    await factors.addTotp({ owner, name: "x", sessionId: 0, secret: Buffer.from("x"), lastStep: 0 })
    const client = await connect(server.ports.submissions, true)
    const plain = (secret: string): Promise<string> => client.command(`AUTH PLAIN ${Buffer.from(`\0an@tinh.example\0${secret}`).toString("base64")}`)
    expect(await plain(password)).toMatch(/^534 5\.7\.9 [ -~]*mat khau ung dung[ -~]* \/ [ -~]*app password/)
    expect(await plain("wrong")).toMatch(/^535 5\.7\.8/)
    expect(await plain(world.appPasswords.get("an@tinh.example") ?? "")).toMatch(/^235/)
    await world.store.database.query({ text: "UPDATE second_factor SET ended_at = now()" })
  })

  test("a client that vanishes in the middle of DATA leaves nothing behind", async () => {
    const before = { blobs: await blobs(), envelopes: await world.envelopes() }
    const aborted = vi.fn<() => void>()
    const watched = await world.server({}, {
      contentStore: {
        read: world.store.contents.read,
        begin(maxBytes) {
          const writer = world.store.contents.begin(maxBytes)
          return {
            write: (chunk) => writer.write(chunk),
            finish: () => writer.finish(),
            abort: async () => {
              await writer.abort()
              aborted()
            },
          }
        },
      },
    })
    for (const sent of ["", "Subject: x", `Subject: x\r\n\r\n${"0123456789abcdef\r\n".repeat(60_000)}`]) {
      aborted.mockClear()
      const client = await connect(watched.ports.smtp)
      await begin(client)
      client.send(sent)
      client.destroy()
      await vi.waitFor(() => expect(aborted).toHaveBeenCalledOnce(), 10_000)
    }
    expect({ blobs: await blobs(), envelopes: await world.envelopes() }).toEqual(before)
  })

  test("stopping lets a message under way end, and tells idle clients", async () => {
    const stopping = await world.server()
    const busy = await connect(stopping.ports.smtp)
    const idle = await connect(stopping.ports.smtp)
    await begin(busy)
    busy.send("Subject: x\r\n\r\n")
    await vi.waitFor(async () => expect(await busy.command("x\r\n.")).toMatch(/^250 2\.0\.0/))
    await begin(busy)
    const stopped = stopping.close()
    expect((await idle.reply())?.join()).toMatch(/^421 4\.3\.2/)
    busy.send("Subject: y\r\n\r\ny\r\n.\r\n")
    expect((await busy.reply())?.join()).toMatch(/^250 2\.0\.0/)
    expect(await busy.command("NOOP")).toMatch(/^421 4\.3\.2/)
    await stopped
  })
})

describe("bad input gets one clear reply", () => {
  test.each<[string, () => string, RegExp]>([
    ["a data line of a megabyte", () => `Subject: x\r\n\r\n${"x".repeat(1_000_000)}`, /^250 2\.0\.0/],
    ["a header of a megabyte", () => `Subject: ${"x".repeat(1_000_000)}\r\n\r\nx`, /^552 5\.3\.4/],
    ["a megabyte of header fields", () => `${"X-Line: 0123456789\r\n".repeat(50_000)}\r\nx`, /^552 5\.3\.4/],
    ["twenty thousand empty header fields", () => `${"To:\r\n".repeat(20_000)}\r\nx`, /^552 5\.3\.4/],
    ["a header of 200 KB", () => `To: ${"an@tinh.example,\r\n ".repeat(10_000)}x\r\n\r\nx`, /^250 2\.0\.0/],
    ["MIME nested 200 deep", () => `${Array.from({ length: 200 }, (_, i) => `Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n`).join("")}\r\nx`, /^250 2\.0\.0/],
    ["messages nested 200 deep", () => `${"Content-Type: message/rfc822\r\n\r\n".repeat(200)}\r\nx`, /^250 2\.0\.0/],
    ["10,000 parts", () => `Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nx\r\n".repeat(10_000)}--b--\r\n`, /^250 2\.0\.0/],
    ["only dots", () => `\r\n${"..\r\n".repeat(20_000)}`, /^250 2\.0\.0/],
    ["no header at all", () => "just text", /^250 2\.0\.0/],
    ["a loop", () => `${"Received: by x; y\r\n".repeat(51)}\r\nx`, /^554 5\.4\.6/],
    ["NUL", () => "Subject: a\0b\r\n\r\nx", /^554 5\.6\.0/],
    ["a bare CR at the very end", () => "Subject: a\r\n\r\nx\r\r\n", /^554 5\.6\.0/],
  ])("%s", async (_, message, reply) => {
    expect(await send(message())).toMatch(reply)
    // and nobody else noticed
    expect(await send("Subject: x\r\n\r\nx")).toMatch(/^250 2\.0\.0/)
  })

  test.each(["smtp", "submissions"] as const)("commands made to hurt, at the %s door", async (door) => {
    const commands: readonly [string | Buffer, RegExp][] = [
      [`MAIL FROM:<${"(".repeat(1000)}@x.example>`, /^5\d\d 5/],
      [`MAIL FROM:<a@x.example> ${"(".repeat(1000)}`, /^5\d\d 5/],
      [`NOOP \0${"\0".repeat(100)}`, /^250 2\.0\.0/],
      ["EHLO a\0b", /^501 5/],
      [Buffer.from("MAIL FROM:<\xff@x.example> SMTPUTF8", "latin1"), /^5\d\d 5/],
      [`RCPT TO:<${"a@b,".repeat(1000)}>`, /^5\d\d 5/],
    ]
    for (const [command, reply] of commands) {
      const client = await connect(server.ports[door], door === "submissions")
      expect(await client.command("EHLO may.example")).toMatch(/^250-/)
      client.send(Buffer.concat([Buffer.from(command), Buffer.from("\r\n")]))
      expect((await client.reply())?.join()).toMatch(reply)
      expect(await client.command("NOOP")).toMatch(/^250 2\.0\.0/)
      client.destroy()
    }
    const endless = await connect(server.ports[door], door === "submissions")
    endless.send("x".repeat(100_000))
    expect((await endless.reply())?.join()).toMatch(/^421 4\.5\.2/)
  })
})

describe("XCLIENT", () => {
  test("is for configured proxies, changes the client, and signs nobody in", async () => {
    const proxied = await world.server({ xclientProxies: ["127.0.0.1"] })
    const client = await connect(proxied.ports.smtp)
    expect(await client.command("EHLO proxy.example")).toContain("XCLIENT NAME ADDR")
    expect(await client.command("XCLIENT ADDR=192.0.2.33 NAME=[UNAVAILABLE] LOGIN=an@tinh.example")).toMatch(/^220 /)
    expect(await client.command("EHLO thu.ngoai.example")).not.toContain("XCLIENT")
    await begin(client)
    expect(await client.command("Subject: x\r\n\r\nx\r\n.")).toMatch(/^250/)
    const stored = await world.last()
    expect(stored.tracePrefix).toContain("from thu.ngoai.example ([192.0.2.33])")
    expect(stored.audit).toMatchObject({ principalId: null, accountId: null, clientAddress: "192.0.2.33" })
    const submission = await connect(proxied.ports.submission)
    await submission.command("XCLIENT LOGIN=an@tinh.example")
    await submission.command("EHLO x.example")
    expect(await submission.command("MAIL FROM:<an@tinh.example>")).toMatch(/^530 5\.7\.0/)
  })
})

describe("memory", () => {
  test("a 50 MB message is never held: a slow store slows the client down", async () => {
    let most = 0
    let written = 0
    let received = 0
    const slow = await world.server({ maxMessageBytes: 60_000_000 }, {
      contentStore: {
        read: world.store.contents.read,
        begin: () => ({
          async write(chunk) {
            await new Promise<void>((resolve) => setImmediate(resolve))
            written += chunk.length
            return { ok: true, value: undefined }
          },
          finish: async () => ({ ok: false, failure: { kind: "unavailable", detail: "counted only" } }),
          abort: async () => undefined,
        }),
      },
    })
    const client = await connect(slow.ports.smtp)
    await begin(client)
    const line = Buffer.from(`${"x".repeat(76)}\r\n`.repeat(800))
    const total = Math.ceil(50_000_000 / line.length)
    client.send("Subject: x\r\n\r\n")
    for (let turn = 0; turn < total; turn++) {
      received += line.length
      await client.sendSlowly(line)
      most = Math.max(most, received - written)
    }
    client.send(".\r\n")
    expect((await client.reply())?.join()).toMatch(/^451 4\.3\.0/)
    expect(written).toBeGreaterThanOrEqual(received)
    // what the client has sent and the store has not got: in our buffers and in those of both sockets
    expect(most).toBeLessThan(20_000_000)
    expect(most).toBeGreaterThan(0)
  })
})
