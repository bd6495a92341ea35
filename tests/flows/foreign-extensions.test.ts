import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { generateKeyPairSync } from "node:crypto"
import { ImapFlow } from "imapflow"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { eventually } from "../support/faults-world.ts"
import { foreignServersUnavailable, type RealServer, startExim, startPostfix } from "../support/foreign-server.ts"
import { type PostfixPolicy, startPostfixPolicy } from "../support/postfix-policy.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { networkUnavailable, startTestNetwork, type TestNetwork } from "../support/test-network.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"

/**
 * What Postfix and Exim know of the extensions of SMTP and what they do not, the province's agencies with authorities of their own, and patience: servers that will not
 * now, in the words that Postfix has for it, and our own greylist with the real retries of both.
 */
const unavailable = networkUnavailable() ?? foreignServersUnavailable() ?? dnsUnavailable()
if (unavailable !== undefined) console.warn(unavailable)

const agencies = tlsAuthority("Agencies")
const others = tlsAuthority("Others")
const identity = tlsIdentity({ names: ["mx.postfix.example", "mx.exim.example"], by: agencies })
const at = { client: 1, postfix: 11, exim: 21, policy: 45, dns: 53 }
const policyPort = 10_040
/** Rests between tries. */
const rests = [1_000, 2_000] as const
const greylistMs = 2_000

interface Attempt extends Record<string, unknown> {
  readonly outcome: string
  readonly status: string
  readonly diagnostic: string
  readonly started: number
  readonly ended: number
}

interface Person {
  readonly address: string
  readonly password: string
}

describe.skipIf(unavailable !== undefined)("extensions and patience, with Postfix and Exim", () => {
  let network: TestNetwork
  let dns: DnsWorld
  let policy: PostfixPolicy
  let system: TestSystem
  let database: Database
  let person: Person
  let postfix: RealServer
  let exim: RealServer
  const home = "tinh.example"
  /** What Postfix has been told to say to each recipient, in order; nothing left: yes. */
  const moods = new Map<string, string[]>([["bo@bao.example", ["421 4.3.2 Too busy, closing", "451 4.3.0 Not now", "DEFER 4.7.1 Come again"]]])

  beforeAll(async () => {
    network = startTestNetwork()
    const { world } = network
    const mx = (host: number): string => `@ MX 10 mx\nmx A ${world(host)}\n@ TXT "v=spf1 ip4:${world(host)} -all"`
    const toPostfix = "@ MX 10 mx.postfix.example."
    dns = await startDns({
      // REQUIRETLS is for hosts that DNSSEC or MTA-STS names
      signed: { "postfix.example": mx(at.postfix), "exim.example": mx(at.exim), [home]: `mail A ${network.ours}\n@ MX 10 mail\n*.${home}. MX 10 mail` },
      unsigned: { "so-dung.example": toPostfix, "so-sai.example": toPostfix, "bao.example": toPostfix },
    }, { address: world(at.dns), port: 53 })
    policy = await startPostfixPolicy({ host: world(at.policy), port: policyPort }, (attributes) => moods.get(attributes.get("recipient") ?? "")?.shift() ?? "DUNNO")
    const common = { client: world(at.client), dns: world(at.dns) }
    const dataDir = await newSeededFolder()
    const files = { agencies: join(dataDir, "agencies.pem"), others: join(dataDir, "others.pem") }
    await Promise.all([writeFile(files.agencies, pemOf(agencies)), writeFile(files.others, pemOf(others))])
    const names = ["mx.postfix.example"]
    const dkim = generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "der" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } })
    ;[postfix, exim, system] = await Promise.all([
      startPostfix({
        ...common, hostname: "mx.postfix.example", domains: ["postfix.example", "so-dung.example", "so-sai.example", "bao.example"], listeners: [{ address: world(at.postfix), identity }],
        // with a wait of one second its queue manager may meet the message while the agent still holds it ("skipped, still being delivered"), and then forgets it for minutes
        settings: { smtpd_recipient_restrictions: `check_policy_service inet:${world(at.policy)}:${policyPort}`, minimal_backoff_time: "3s", maximal_backoff_time: "4s", queue_run_delay: "1s" },
      }),
      startExim({ ...common, hostname: "mx.exim.example", domains: ["exim.example"], listeners: [{ address: world(at.exim), identity }], dkim: { domain: "exim.example", selector: "s1", privateKeyPem: dkim.privateKey } }),
      startTestSystem({
        dataDir, namespace: network.namespace,
        env: {
          CONGTHU_HOSTNAME: `mail.${home}`, CONGTHU_LISTEN_HOST: network.ours, CONGTHU_LISTEN_SMTP: "25", CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: "true", CONGTHU_DNS_OUTBOUND_ADDRESSES: network.ours,
          CONGTHU_DELIVERY_RETRY: rests.map((ms) => `${ms / 1000}s`).join(), CONGTHU_DELIVERY_SWEEP: "300ms", CONGTHU_DELIVERY_CONNECT_TIMEOUT: "5s", NODE_EXTRA_CA_CERTS: files.agencies,
          CONGTHU_DELIVERY_PARTNERS: JSON.stringify([{ domains: ["so-dung.example"], require: "pinned", caFile: files.agencies, names }, { domains: ["so-sai.example"], require: "pinned", caFile: files.others, names }]),
          CONGTHU_INBOUND_GREYLISTING: "true", CONGTHU_INBOUND_GREYLIST_DELAY: `${greylistMs / 1000}s`,
        },
      }),
    ])
    database = openDatabase({ url: system.databaseUrl, poolSize: 2, applicationName: "tests" })
    ;[person] = JSON.parse(await readFile(join(dataDir, "demo-logins.json"), "utf8")) as readonly [Person]
  }, 120_000)
  afterAll(async () => {
    await Promise.all([database?.close(), system?.stop(), postfix?.stop(), exim?.stop(), policy?.close(), dns?.stop()])
    await system?.remove()
    network?.close()
  }, 60_000)

  const textOf = (id: string, from: string, to: string): string =>
    [`From: <${from}>`, `To: <${to}>`, `Subject: Thư ${id}`, `Message-ID: <${id}@khach.example>`, "Date: Thu, 26 Nov 2026 08:00:00 +0700", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "Kính gửi", ""].join("\r\n")

  async function submit(to: string, { requireTls = false } = {}): Promise<void> {
    const transport = createTransport({ host: network.ours, port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: person.address, pass: person.password } })
    const envelope = { from: person.address, to: [to], requireTLSExtensionEnabled: requireTls }
    await transport.sendMail({ envelope, raw: textOf(to.replace(/\W/g, "-"), person.address, to) }).finally(() => transport.close())
  }

  const attemptsFor = (recipient: string): Promise<readonly Attempt[]> =>
    database.query<Attempt>({ text: "SELECT a.outcome, a.status, a.diagnostic, extract(epoch FROM a.started_at)::float8 * 1000 AS started, extract(epoch FROM a.ended_at)::float8 * 1000 AS ended FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.recipient = $1 ORDER BY a.number" }, [recipient])

  async function inbox(): Promise<readonly string[]> {
    const client = new ImapFlow({ host: network.ours, port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: person.address, pass: person.password }, logger: false })
    await client.connect()
    const all: string[] = []
    try {
      const { exists } = await client.mailboxOpen("INBOX")
      if (exists > 0) for await (const { source } of client.fetch("1:*", { source: true })) all.push((source ?? Buffer.alloc(0)).toString("utf8"))
    } finally {
      await client.logout()
    }
    return all
  }

  const receivedBy = (server: RealServer, id: string): Promise<readonly string[]> => eventually(async () => (await server.received()).filter((text) => text.includes(`<${id}@khach.example>`)), ({ length }) => length > 0)

  const makers = [{ maker: "postfix", server: () => postfix }, { maker: "exim", server: () => exim }] as const

  // first of all: on a session that was kept, a 421 means that it was kept too long, and a new one is opened at once
  test("a storm of 421 and 451 is waited out: each rest at least as long as the schedule says, and one message in the end", async () => {
    await submit("bo@bao.example")
    const attempts = await eventually(() => attemptsFor("bo@bao.example"), (all) => all.at(-1)?.outcome === "relayed", 40_000)
    expect(attempts).toMatchObject([
      { outcome: "deferred", status: "4.3.2", diagnostic: expect.stringContaining("421") as unknown },
      { outcome: "deferred", status: "4.3.0", diagnostic: expect.stringContaining("451") as unknown },
      { outcome: "deferred", status: "4.7.1" },
      { outcome: "relayed" },
    ])
    const waited = attempts.slice(1).map(({ started }, before) => started - (attempts[before]?.ended ?? 0))
    // not how long it took, but that nobody came before the time
    for (const [number, ms] of waited.entries()) expect(ms).toBeGreaterThanOrEqual(rests[Math.min(number, 1)] ?? 0)
    expect(await receivedBy(postfix, "bo-bao-example")).toHaveLength(1)
  })

  test.each(makers)("REQUIRETLS to $maker, which does not know it: nothing is sent, and the sender is told why (RFC 8689 §4.2.1, §5)", async ({ maker, server }) => {
    const to = `kin@${maker}.example`
    await submit(to, { requireTls: true })
    const [first] = await eventually(() => attemptsFor(to), ({ length }) => length > 0)
    expect(first).toMatchObject({ outcome: "failed", status: "5.7.30", diagnostic: "the next host does not offer REQUIRETLS" })
    const [dsn = ""] = await eventually(async () => (await inbox()).filter((text) => text.includes(`Final-Recipient: rfc822; ${to}`)), ({ length }) => length > 0)
    expect(dsn).toMatch(/^Status: 5\.7\.30\r$/m)
    expect(dsn.replace(/\r\n[ \t]+/g, " ")).toContain(`Diagnostic-Code: x-local; ${first?.diagnostic}`)
    expect((await server().received()).filter((text) => text.includes("<kin-"))).toEqual([])
  })

  test.each([{ maker: "postfix", server: () => postfix, protocol: /with UTF8SMTPS / }, { maker: "exim", server: () => exim, protocol: /with utf8esmtps / }])("SMTPUTF8 to $maker (RFC 6531)", async ({ maker, server, protocol }) => {
    const to = `bưu.điện@${maker}.example`
    await submit(to)
    const [text = ""] = await receivedBy(server(), to.replace(/\W/g, "-"))
    expect(text).toMatch(protocol)
    expect(Buffer.from(text, "latin1").toString("utf8")).toContain(`To: <${to}>`)
  })

  test("an agency's server is delivered to under the agency's authority; under another it is not, stays ours to deliver, and the reason is there", async () => {
    await Promise.all([submit("bo@so-dung.example"), submit("bo@so-sai.example")])
    expect((await eventually(() => attemptsFor("bo@so-dung.example"), ({ length }) => length > 0))[0]).toMatchObject({ outcome: "relayed" })
    const held = await eventually(() => attemptsFor("bo@so-sai.example"), ({ length }) => length > 1)
    for (const one of held) expect(one).toMatchObject({ outcome: "deferred", status: "4.7.5", diagnostic: expect.stringContaining("no authority trusted here vouches for") as unknown })
    await receivedBy(postfix, "bo-so-dung-example")
    expect((await postfix.received()).filter((text) => text.includes("<bo-so-sai-example@"))).toEqual([])
  })

  test.each(makers)("our greylist: $maker comes again by itself after the wait, with a sender in UTF-8, and is let in", async ({ maker, server }) => {
    const from = `bộ.phận@${maker}.example`
    const id = `xam-${maker}`
    const transport = createTransport({ host: network.world(at[maker]), port: 25, localAddress: network.world(at.client), name: "khach.example", ignoreTLS: true })
    await transport.sendMail({ envelope: { from, to: person.address }, raw: textOf(id, from, person.address) }).finally(() => transport.close())
    const [text = ""] = await eventually(async () => (await inbox()).filter((one) => one.includes(`<${id}@khach.example>`)), ({ length }) => length > 0, 40_000).catch(async (error: unknown) => {
      throw new Error(await server().log(), { cause: error })
    })
    expect(text).toMatch(new RegExp(`^Return-Path: <${from}>`, "m"))
    expect(text).toMatch(/^Received: from mx\.\w+\.example .*(?:\r\n[ \t].*)*UTF8SMTPS/m)
    expect(await server().log()).toMatch(/451 4\.7\.1 .*Greylisted/)
    expect((await inbox()).filter((one) => one.includes(`<${id}@khach.example>`))).toHaveLength(1)
  })
})
