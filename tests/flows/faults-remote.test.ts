import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { CrashAccount } from "../crash/province.ts"
import { eventually, type FaultsWorld, inboxSources, message, send, startFaultsWorld } from "../support/faults-world.ts"
import { type ForeignServer, smtpError, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { testTls } from "../support/test-tls.ts"

const host = "127.0.0.1"

/** design.md §5: remote server down, slow, or refusing TLS: deferred by schedule; DSNs reach the sender; the TLS policy is never relaxed. */
describe("when the next server breaks", () => {
  let world: FaultsWorld
  let port: number
  let sender: CrashAccount

  beforeAll(async () => {
    port = await freeLoopbackPort()
    world = await startFaultsWorld({
      env: {
        CONGTHU_DELIVERY_SMARTHOST: `${host}:${port}`,
        CONGTHU_DELIVERY_RETRY: "200ms",
        CONGTHU_DELIVERY_DELAY_NOTICE: "700ms",
        CONGTHU_DELIVERY_EXPIRY: "5s",
        CONGTHU_DELIVERY_CONNECT_TIMEOUT: "1s",
        CONGTHU_DELIVERY_COMMAND_TIMEOUT: "500ms",
      },
    })
    const [an] = world.accounts
    if (!an) throw new Error("no account")
    sender = an
  }, 90_000)
  afterAll(() => world?.close())

  /** Submits a message of the sender's; its subject names it from here on. */
  const submit = async (subject: string, { to = `${subject}@xa.example`, mailParameters = "", rcptParameters = "" } = {}): Promise<void> => {
    const client = await world.people.submitter(sender)
    expect(await send(client, { from: sender.address, to, mailParameters, rcptParameters }, message(subject, { from: sender.address }))).toMatch(/^250 2\.0\.0/)
    client.destroy()
  }
  /** The deliveries of a message as the store, and so the console, knows them. */
  const delivery = async (subject: string): Promise<{ readonly state: string; readonly status: string; readonly attempts: number; readonly diagnostic: string } | undefined> => {
    const [row] = await world.database.query<{ state: string; status: string; attempts: number; diagnostic: string }>({ text: "SELECT state, status, attempts, diagnostic FROM delivery WHERE recipient = $1" }, [`${subject}@xa.example`])
    return row
  }
  /** The DSNs about a message that are in the sender's INBOX: what each says happened, with its status. */
  const dsns = async (subject: string): Promise<readonly { readonly action: string; readonly status: string; readonly source: string }[]> =>
    (await inboxSources(world.people, sender))
      .filter((source) => source.includes(`\r\nIn-Reply-To: <${subject}@ngoai.example>\r\n`) && source.includes("multipart/report; report-type=delivery-status"))
      .map((source) => ({ action: /^Action: (\w+)/m.exec(source)?.[1] ?? "", status: /^Status: ([\d.]+)/m.exec(source)?.[1] ?? "", source }))
  const subjectOf = (content: Buffer): string => /^Subject: (.*)$/m.exec(content.toString())?.[1]?.trim() ?? ""
  const subjectsAt = (server: ForeignServer): string[] => server.received.map(({ content }) => subjectOf(content)).toSorted()

  test("down: deferred by schedule, the sender is told of the delay; back: relayed once with the report that was asked for; what it never takes expires with a DSN", async () => {
    await submit("hong-1", { rcptParameters: " NOTIFY=SUCCESS,DELAY,FAILURE", mailParameters: " ENVID=so-cong-van-7" })
    await submit("hong-2")
    const deferred = await eventually(() => delivery("hong-1"), (row) => row?.state === "deferred" && row.attempts >= 2)
    expect(deferred).toMatchObject({ state: "deferred", status: "4.4.1" })
    for (const subject of ["hong-1", "hong-2"]) {
      const [delayed] = await eventually(() => dsns(subject), ({ length }) => length > 0)
      expect(delayed).toMatchObject({ action: "delayed", status: "4.4.1" })
      expect(delayed?.source).toMatch(/^Will-Retry-Until: /m)
    }

    const server = await startForeignServer({ address: host, port, onRcptTo: ({ address }, _session, callback) => callback(address.startsWith("hong-2") ? smtpError(451, "4.7.1 not now") : null) })
    try {
      await eventually(() => delivery("hong-1"), (row) => row?.state === "relayed")
      const told = await eventually(() => dsns("hong-1"), ({ length }) => length > 1)
      expect(told.map(({ action, status }) => `${action} ${status}`)).toEqual(["delayed 4.4.1", expect.stringMatching(/^relayed 2\./)])
      expect(told[1]?.source).toMatch(/^Original-Envelope-Id: so-cong-van-7\r$/m)

      const failed = await eventually(() => dsns("hong-2"), ({ length }) => length > 1)
      expect(failed.map(({ action, status }) => `${action} ${status}`)).toEqual(["delayed 4.4.1", "failed 5.4.7"])
      expect(failed[1]?.source).toMatch(/^Diagnostic-Code: smtp; 451 4\.7\.1 not now/m)
      expect(failed[1]?.source).toMatch(/^Final-Recipient: rfc822; hong-2@xa\.example\r$/m)
      expect(await delivery("hong-2")).toMatchObject({ state: "failed", status: "5.4.7" })
      expect(subjectsAt(server)).toEqual(["hong-1"])
    } finally {
      await server.close()
    }
  }, 60_000)

  test("slow: the attempt is broken off and deferred, other work goes on, and the message is relayed once when the server is well", async () => {
    const held: Socket[] = []
    const silent = createServer((socket) => held.push(socket.on("error", () => undefined))).listen(port, host)
    await once(silent, "listening")
    await submit("cham-1")
    // it says nothing: meanwhile local mail is delivered
    await eventually(async () => held.length, (count) => count > 0)
    const smtp = await world.people.outsider()
    const [, binh] = world.accounts
    expect(await send(smtp, { to: binh?.address ?? "" }, message("trong-nha"))).toMatch(/^250 2\.0\.0/)
    await eventually(() => world.database.query<{ state: string }>({ text: "SELECT state FROM delivery WHERE recipient = $1" }, [binh?.address]), ([row]) => row?.state === "delivered")
    smtp.destroy()
    expect(await eventually(() => delivery("cham-1"), (row) => row?.state === "deferred" && row.attempts > 0)).toMatchObject({ status: expect.stringMatching(/^4\.4\./) })
    const closed = once(silent, "close")
    silent.close()
    for (const socket of held) socket.destroy()
    await closed
    const server = await startForeignServer({ address: host, port })
    try {
      await eventually(() => delivery("cham-1"), (row) => row?.state === "relayed")
      expect(subjectsAt(server)).toEqual(["cham-1"])
      // nobody asked for a report of success
      expect((await dsns("cham-1")).filter(({ action }) => action !== "delayed")).toEqual([])
    } finally {
      await server.close()
    }
  }, 60_000)

  test("refusing TLS: a message that requires it is handed to nobody and comes back; others go as well protected as they can", async () => {
    const strangersTls = await testTls("khac.example")
    // it offers STARTTLS with a certificate that nobody vouches for
    const server = await startForeignServer({ address: host, port, key: strangersTls.key, cert: strangersTls.cert })
    try {
      await submit("mat-1", { mailParameters: " REQUIRETLS" })
      await submit("thuong-1")
      const [returned] = await eventually(() => dsns("mat-1"), ({ length }) => length > 0)
      expect(returned).toMatchObject({ action: "failed", status: "5.7.30" })
      await eventually(() => delivery("thuong-1"), (row) => row?.state === "relayed")
      expect(server.received.map(({ content, secure }) => [subjectOf(content), secure])).toEqual([["thuong-1", true]])
    } finally {
      await server.close()
    }
    // it has no TLS at all
    const clear = await startForeignServer({ address: host, port, hideSTARTTLS: true })
    try {
      await submit("mat-2", { mailParameters: " REQUIRETLS" })
      await submit("thuong-2")
      expect((await eventually(() => dsns("mat-2"), ({ length }) => length > 0))[0]).toMatchObject({ action: "failed", status: "5.7.30" })
      await eventually(() => delivery("thuong-2"), (row) => row?.state === "relayed")
      expect(subjectsAt(clear)).toEqual(["thuong-2"])
    } finally {
      await clear.close()
    }
  }, 60_000)
})
