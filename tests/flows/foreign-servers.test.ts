import { execFile } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { ImapFlow } from "imapflow"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { eventually } from "../support/faults-world.ts"
import { type ForeignServer, smtpError, startForeignServer } from "../support/foreign-mail.ts"
import { foreignServersUnavailable, type RealServer, startExim, startOpenSmtpd, startPostfix } from "../support/foreign-server.ts"
import { program } from "../support/programs.ts"
import { pythonArcSeal, pythonDkimUnavailable, pythonVerdicts } from "../support/python-dkim.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { networkUnavailable, startTestNetwork, type TestNetwork } from "../support/test-network.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"
import { startPolicyServerAt, tlsaOf } from "../support/tls-world.ts"

/**
 * The whole system and the rest of the world, on a network of their own: Postfix, Exim and OpenSMTPD as others run them, servers that behave as no real one can
 * be told to, a DNS with DNSSEC, and a server of MTA-STS policies. What our zone says is what `congthu dns` prints, and others judge us by it.
 */
const unavailable = networkUnavailable() ?? foreignServersUnavailable() ?? dnsUnavailable() ?? pythonDkimUnavailable()
if (unavailable !== undefined) console.warn(unavailable)

const commandLine = program("congthu")
const authority = tlsAuthority("Authority")
const right = tlsIdentity({ names: ["mx.postfix.example", "mx.exim.example", "mx.boc.example", "mx.thu-boc.example"], by: authority })
const another = tlsIdentity({ names: ["mx.postfix.example"], by: authority })
const expired = tlsIdentity({ names: ["mx.het-han.example"], by: authority, expired: true })
const policyHosts = ["mta-sts.exim.example", "mta-sts.het-han-thu.example", "mta-sts.het-han-buoc.example", "mta-sts.boc.example"]
const policyIdentity = tlsIdentity({ names: policyHosts, by: authority })

/** Hosts of the network. */
const at = { client: 1, postfix: 11, expired: 12, exim: 21, openSmtpd: 31, stripped: 41, grey: 42, storm: 43, policies: 44, nobody: 50, dns: 53 }

interface Attempt {
  readonly outcome: "relayed" | "deferred" | "failed"
  readonly status: string
  readonly diagnostic: string
  readonly tls: string | null
  readonly tls_details: { readonly policy: string; readonly verified?: string; readonly fault?: { readonly type: string } } | null
}

interface Person {
  readonly address: string
  readonly password: string
}

describe.skipIf(unavailable !== undefined)("mail with servers of other makes", () => {
  let network: TestNetwork
  let dns: DnsWorld
  let system: TestSystem
  let database: Database
  let person: Person
  let postfix: RealServer
  let exim: RealServer
  let openSmtpd: RealServer
  const sinks: ForeignServer[] = []
  let closePolicies: () => Promise<void> = async () => undefined
  const home = "tinh.example"
  const hostname = `mail.${home}`
  const dkim = generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "der" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } })

  const dkimRecord = `v=DKIM1; k=rsa; p=${dkim.publicKey.toString("base64")}`
  /** As `congthu dns` prints it. */
  let ownZone = ""

  beforeAll(async () => {
    network = startTestNetwork()
    const { world, world6 } = network
    const mx = (host: string, ...addresses: readonly string[]): string => `@ MX 10 ${host}.\n${addresses.map((address) => `mx ${address.includes(":") ? "AAAA" : "A"} ${address}`).join("\n")}`
    const sts = `_mta-sts TXT "v=STSv1; id=1"\nmta-sts A ${world(at.policies)}`
    const single = (domain: string, address: string): string => mx(`mx.${domain}`, address)
    dns = await startDns({
      signed: {
        [home]: "",
        "postfix.example": `${single("postfix.example", world(at.postfix))}\n@ TXT "v=spf1 ip4:${world(at.postfix)} -all"\n_25._tcp.mx ${tlsaOf(3, 1, right.issued)}`,
        // the same host by another name, whose record is another key's
        "sai.example": `${single("sai.example", world(at.postfix))}\n_25._tcp.mx ${tlsaOf(3, 1, another.issued)}`,
      },
      unsigned: {
        "exim.example": `${single("exim.example", world(at.exim))}\n@ TXT "v=spf1 ip4:${world(at.exim)} -all"\ns1._domainkey TXT ${quoted(dkimRecord)}\n_dmarc TXT "v=DMARC1; p=reject"\n${sts}`,
        "opensmtpd.example": `${single("opensmtpd.example", world(at.openSmtpd))}\n@ TXT "v=spf1 ip4:${world(at.openSmtpd)} -all"\ns1._domainkey TXT ${quoted(dkimRecord)}`,
        "het-han.example": single("het-han.example", world(at.expired)),
        "het-han-thu.example": `@ MX 10 mx.het-han.example.\n${sts}`,
        "het-han-buoc.example": `@ MX 10 mx.het-han.example.\n${sts}`,
        "boc.example": `${single("boc.example", world(at.stripped))}\n${sts}`,
        "boc-mo.example": "@ MX 10 mx.boc.example.",
        "xam.example": single("xam.example", world(at.grey)),
        "bao.example": single("bao.example", world(at.storm)),
        "chet.example": `@ MX 10 chet\n@ MX 20 mx.postfix.example.\nchet A ${world(at.nobody)}`,
        "sau.example": single("sau.example", world6(at.postfix)),
      },
    }, { address: world(at.dns), port: 53 })
    const common = { client: world(at.client), dns: world(at.dns) }
    const dataDir = await newSeededFolder()
    await writeFile(join(dataDir, "authority.pem"), pemOf(authority))
    ;[postfix, exim, openSmtpd, system] = await Promise.all([
      startPostfix({
        ...common, hostname: "mx.postfix.example", domains: ["postfix.example", "sai.example", "het-han.example", "het-han-thu.example", "het-han-buoc.example", "chet.example", "sau.example"],
        listeners: [{ address: world(at.postfix), identity: right }, { address: world(at.expired), identity: expired }, { address: world6(at.postfix), identity: right }],
      }),
      startExim({ ...common, hostname: "mx.exim.example", domains: ["exim.example"], listeners: [{ address: world(at.exim), identity: right }], dkim: { domain: "exim.example", selector: "s1", privateKeyPem: dkim.privateKey } }),
      startOpenSmtpd({ ...common, hostname: "mx.opensmtpd.example", domains: ["opensmtpd.example"], listeners: [{ address: world(at.openSmtpd) }] }),
      startTestSystem({
        dataDir, namespace: network.namespace,
        env: {
          CONGTHU_HOSTNAME: hostname, CONGTHU_LISTEN_HOST: network.ours, CONGTHU_LISTEN_SMTP: "25", CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: "true", CONGTHU_DNS_OUTBOUND_ADDRESSES: network.ours,
          CONGTHU_DELIVERY_RETRY: "1s", CONGTHU_DELIVERY_SWEEP: "300ms", CONGTHU_DELIVERY_CONNECT_TIMEOUT: "5s", NODE_EXTRA_CA_CERTS: join(dataDir, "authority.pem"),
        },
      }),
    ])
    database = openDatabase({ url: system.databaseUrl, poolSize: 2, applicationName: "tests" })
    const logins = JSON.parse(await readFile(join(dataDir, "demo-logins.json"), "utf8")) as readonly [Person]
    ;[person] = logins
    const group = `ban@${domainOf(person.address)}`
    await database.query({ text: addGroup }, [group, "chuyen@postfix.example"])
    await congthu("dkim", "create", home)
    ownZone = await congthu("dns", domainOf(person.address))
    await dns.setZone(home, `mail A ${network.ours}\n${ownZone}`)
    // signs only with keys that it sees there
    await congthu("dkim", "rotate", home)
    await startSinks()
  }, 120_000)
  afterAll(async () => {
    await Promise.all([database?.close(), system?.stop(), closePolicies(), ...sinks.map((sink) => sink.close()), ...[postfix, exim, openSmtpd].map((server) => server?.stop()), dns?.stop()])
    await system?.remove()
    network?.close()
  }, 60_000)

  async function startSinks(): Promise<void> {
    const { world } = network
    const { key, cert } = right
    let refusals = 0
    const greeted = new Set<string>()
    sinks.push(...(await Promise.all([
      startForeignServer({ address: world(at.stripped), port: 25, key, cert, hideSTARTTLS: true, disabledCommands: ["STARTTLS"] }),
      startForeignServer({
        address: world(at.grey), port: 25, key, cert,
        onRcptTo({ address }, _session, callback) {
          const known = greeted.has(address)
          greeted.add(address)
          callback(known ? null : smtpError(451, "4.7.1 greylisted, come again"))
        },
      }),
      startForeignServer({ address: world(at.storm), port: 25, key, cert, onMailFrom: (_address, _session, callback) => callback(refusals++ < 3 ? smtpError(451, "4.3.2 not now") : null) }),
    ])))
    const policies = await startPolicyServerAt({ address: world(at.policies), port: 443 }, policyIdentity)
    closePolicies = () => policies.close()
    const policy = (mode: string, host: string) => ({ text: `version: STSv1\r\nmode: ${mode}\r\nmx: ${host}\r\nmax_age: 86400\r\n` })
    policies.policies.set("mta-sts.exim.example", policy("enforce", "mx.exim.example"))
    policies.policies.set("mta-sts.het-han-thu.example", policy("testing", "mx.het-han.example"))
    policies.policies.set("mta-sts.het-han-buoc.example", policy("enforce", "mx.het-han.example"))
    policies.policies.set("mta-sts.boc.example", policy("enforce", "mx.boc.example"))
  }

  const congthu = async (...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, CONGTHU_HOSTNAME: hostname, CONGTHU_LISTEN_HOST: network.ours, CONGTHU_DNS_OUTBOUND_ADDRESSES: network.ours, CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: "true" }
    const { stdout } = await promisify(execFile)("nsenter", [`--net=/run/netns/${network.namespace}`, process.execPath, commandLine, ...args, "--data-dir", system.dataDir], { env })
    return stdout
  }

  const textOf = (domain: string): string => [
    `From: <${person.address}>`, `To: <bo@${domain}>`, `Subject: thu gui ${domain}`, `Message-ID: <di.${domain}@${home}>`, "Date: Thu, 26 Nov 2026 08:00:00 +0700", "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "Kính gửi quý cơ quan,", ".chấm ở đầu dòng", "  ", "hết", "",
  ].join("\r\n")

  async function submit(domain: string): Promise<void> {
    const transport = createTransport({ host: network.ours, port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: person.address, pass: person.password } })
    await transport.sendMail({ envelope: { from: person.address, to: [`bo@${domain}`] }, raw: textOf(domain) }).finally(() => transport.close())
  }

  const attemptsFor = (domain: string): Promise<readonly Attempt[]> =>
    database.query<Attempt & Record<string, unknown>>({ text: "SELECT a.outcome, a.status, a.diagnostic, a.tls, a.tls_details FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.recipient = $1 ORDER BY a.number" }, [`bo@${domain}`])

  /** What a server has received for the domain, once it has come. */
  const arrivedAt = (server: RealServer, domain: string): Promise<readonly string[]> => eventually(async () => (await server.received()).filter((text) => text.includes(`<di.${domain}@${home}>`)), ({ length }) => length > 0)

  interface Case {
    readonly what: string
    readonly domain: string
    readonly server?: () => RealServer
    /** Of the first attempt. */
    readonly attempt: Record<string, unknown>
    /** In the trace header of whoever received it. */
    readonly received?: RegExp
  }
  const overTls13 = /using TLSv1\.3/
  const cases: readonly Case[] = [
    { what: "DANE right", domain: "postfix.example", server: () => postfix, attempt: { outcome: "relayed", tls_details: { policy: "verified", verified: "dane-ee" } }, received: overTls13 },
    { what: "DANE wrong", domain: "sai.example", attempt: { outcome: "deferred", status: "4.7.5", diagnostic: expect.stringContaining("TLSA records do not name") as unknown, tls_details: { policy: "verified", verified: "no" } } },
    { what: "MTA-STS enforce, all in order", domain: "exim.example", server: () => exim, attempt: { outcome: "relayed", tls_details: { policy: "verified", verified: "pkix" } }, received: /with esmtps\s+\(TLS1\.3\)/ },
    { what: "certificate expired, nobody asks", domain: "het-han.example", server: () => postfix, attempt: { outcome: "relayed", tls: expect.stringContaining("TLSv1.3") as unknown }, received: overTls13 },
    { what: "certificate expired, MTA-STS testing", domain: "het-han-thu.example", server: () => postfix, attempt: { outcome: "relayed", tls: expect.stringContaining("TLSv1.3") as unknown }, received: overTls13 },
    { what: "certificate expired, MTA-STS enforce", domain: "het-han-buoc.example", attempt: { outcome: "deferred", status: "4.7.5", diagnostic: expect.stringContaining("expired") as unknown, tls_details: { fault: { type: "certificate-expired" } } } },
    { what: "no TLS offered, nobody asks", domain: "opensmtpd.example", server: () => openSmtpd, attempt: { outcome: "relayed", tls: null }, received: /with ESMTP id/ },
    { what: "first MX dead", domain: "chet.example", server: () => postfix, attempt: { outcome: "relayed" }, received: overTls13 },
    { what: "IPv6 only", domain: "sau.example", server: () => postfix, attempt: { outcome: "relayed" }, received: /IPv6:2001:db8:/ },
    { what: "STARTTLS stripped, MTA-STS enforce", domain: "boc.example", attempt: { outcome: "deferred", status: "4.7.5", diagnostic: expect.stringContaining("does not offer TLS") as unknown, tls_details: { fault: { type: "starttls-not-supported" } } } },
    { what: "STARTTLS stripped, nobody asks", domain: "boc-mo.example", attempt: { outcome: "relayed", tls: null } },
  ]

  test.each(cases)("out: $what ($domain)", async ({ domain, server, attempt, received }) => {
    await submit(domain)
    const [first] = await eventually(() => attemptsFor(domain), ({ length }) => length > 0)
    expect(first).toMatchObject(attempt)
    if (server === undefined) return
    const [text, ...more] = await arrivedAt(server(), domain)
    expect(more).toEqual([])
    expect(text?.slice(0, text.indexOf("\nFrom: "))).toMatch(received ?? /Received/)
    // nothing below the added header fields is another byte
    expect(text?.slice(text.indexOf("\nFrom: ") + 1)).toBe(Buffer.from(textOf(domain).replaceAll("\r\n", "\n")).toString("latin1"))
  })

  test("out: who asks to come again is come to again, who will not now is asked until it will, and each has the message once", async () => {
    await Promise.all([submit("xam.example"), submit("bao.example")])
    await eventually(() => attemptsFor("xam.example"), ({ length }) => length === 1)
    // a greylist is left alone for half a minute at the least; an administrator need not wait
    await congthu("queue", "retry", "--recipient", "bo@xam.example", "--yes")
    const relayed = (attempts: readonly Attempt[]): boolean => attempts.at(-1)?.outcome === "relayed"
    expect(await eventually(() => attemptsFor("xam.example"), relayed, 30_000)).toMatchObject([{ outcome: "deferred", status: "4.7.1", diagnostic: expect.stringContaining("greylisted") as unknown }, { outcome: "relayed" }])
    expect(await eventually(() => attemptsFor("bao.example"), relayed, 30_000)).toMatchObject([{ outcome: "deferred", status: "4.3.2" }, { outcome: "deferred" }, { outcome: "deferred" }, { outcome: "relayed" }])
    expect(sinks.map(({ received }) => received.length)).toEqual([1, 1, 1])
  })

  test("out: what was held back got nothing across, is still ours to deliver, and its story says why", async () => {
    const story = await congthu("trace", `<di.sai.example@${home}>`)
    expect(story).toMatch(/^to bo@sai\.example: (?:deferred|queued|pending)/m)
    expect(story).toContain("has a certificate that its TLSA records do not name")
    const everything = (await postfix.received()).join("")
    for (const domain of ["sai.example", "het-han-buoc.example"]) expect(everything).not.toContain(`<di.${domain}@`)
    const counted = () => database.query<{ domain: string; policy_type: string; result: string }>({ text: "SELECT DISTINCT domain, policy_type, result FROM tls_session_count WHERE domain = ANY($1) ORDER BY domain" }, [["exim.example", "het-han-thu.example", "postfix.example"]])
    expect(await eventually(counted, ({ length }) => length === 3, 30_000)).toEqual([
      { domain: "exim.example", policy_type: "sts", result: "success" },
      { domain: "het-han-thu.example", policy_type: "sts", result: "certificate-expired" },
      { domain: "postfix.example", policy_type: "tlsa", result: "success" },
    ])
  })

  test("our DKIM signatures hold for Exim, and the zone that we print for ourselves", async () => {
    const log = await eventually(() => exim.log(), (text) => text.includes("a=ed25519-sha256") && text.includes("a=rsa-sha256"))
    for (const algorithm of ["rsa-sha256", "ed25519-sha256"]) expect(log).toMatch(new RegExp(`DKIM: d=(?:\\S+\\.)?tinh\\.example .* a=${algorithm} .*\\[verification succeeded\\]`))
    // all but what this network has none of: a web server for the policy, a zone for addresses
    const wrong = await congthu("dns", "check", domainOf(person.address)).then(() => "", ({ stdout }: { readonly stdout: string }) => stdout)
    const names = [...wrong.matchAll(/^(?:missing|different|unanswered) +(\S+)/gm)].map(([, name]) => name)
    expect(names).toEqual([expect.stringMatching(/^https:.*mta-sts\.txt$/), expect.stringMatching(/\.in-addr\.arpa\.$/)])
  })

  async function give(server: keyof typeof at, envelope: { readonly from: string; readonly to: string }, raw: string | Buffer): Promise<void> {
    const transport = createTransport({ host: network.world(at[server]), port: 25, localAddress: network.world(at.client), name: "khach.example", ignoreTLS: true })
    await transport.sendMail({ envelope, raw }).finally(() => transport.close())
  }

  async function inbox(): Promise<readonly string[]> {
    const client = new ImapFlow({ host: network.ours, port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: person.address, pass: person.password }, logger: false })
    await client.connect()
    const all: string[] = []
    try {
      const { exists } = await client.mailboxOpen("INBOX")
      if (exists > 0) for await (const { source } of client.fetch("1:*", { source: true })) all.push((source ?? Buffer.alloc(0)).toString("latin1"))
    } finally {
      await client.logout()
    }
    return all
  }

  const letter = (id: string, from: string): string => [
    `From: <${from}>`, `To: <${person.address}>`, `Subject: thu den ${id}`, `Message-ID: <${id}@khach.example>`, "Date: Thu, 26 Nov 2026 08:00:00 +0700", "", "Kinh gui", "..", "het", "",
  ].join("\r\n")
  const arrivedHere = async (id: string): Promise<string> => {
    const found = await eventually(async () => (await inbox()).filter((text) => text.includes(`<${id}@khach.example>`)), ({ length }) => length > 0, 30_000)
    expect(found).toHaveLength(1)
    return found[0] ?? ""
  }
  const resultsIn = (text: string): string => /^Authentication-Results: mail\.tinh\.example;(.*(?:\r\n[ \t].*)*)/m.exec(text)?.[1]?.replace(/\s+/g, " ") ?? ""

  const theirs: readonly { readonly maker: "postfix" | "exim" | "openSmtpd"; readonly results: readonly string[]; readonly said: RegExp }[] = [
    { maker: "postfix", results: ["spf=pass smtp.mailfrom=postfix.example", "dkim=none", "dmarc=none"], said: /Verified TLS connection established to mail\.tinh\.example\[[\d.]+\]:25: TLSv1\.3/ },
    { maker: "exim", results: ["spf=pass smtp.mailfrom=exim.example", "dkim=pass header.d=exim.example header.s=s1", "dmarc=pass"], said: /=> \S+@\S*tinh\.example R=outward T=smtp .* X=TLS1\.3:\S+ CV=dane/ },
    { maker: "openSmtpd", results: ["spf=pass smtp.mailfrom=opensmtpd.example", "dkim=none"], said: /mta tls ciphers=TLSv1\.3/ },
  ]
  test.each(theirs)("in: $maker", async ({ maker, results, said }) => {
    const from = `bo@${maker.toLowerCase()}.example`
    const text = letter(maker, from)
    await give(maker, { from, to: person.address }, text)
    const arrived = await arrivedHere(maker)
    for (const result of results) expect(resultsIn(arrived)).toContain(result)
    expect(arrived).toMatch(/^Received: from mx\.[a-z]+\.example .*(?:\r\n[ \t].*)*ESMTPS/m)
    expect(arrived.slice(arrived.indexOf("\r\nFrom: ") + 2)).toBe(text)
    expect(await { postfix, exim, openSmtpd }[maker].log()).toMatch(said)
  })

  test("in: another's ARC seal holds, and who writes in another's name is refused at the door", async () => {
    const from = "bo@opensmtpd.example"
    const checked = `Authentication-Results: mx.opensmtpd.example; spf=pass smtp.mailfrom=${from}\r\n${letter("arc", from)}`
    await give("openSmtpd", { from, to: person.address }, await pythonArcSeal(Buffer.from(checked), { domain: "opensmtpd.example", selector: "s1", authservId: "mx.opensmtpd.example", key: dkim.privateKey }))
    await give("openSmtpd", { from, to: person.address }, letter("mao-danh", "bo@exim.example"))
    expect(resultsIn(await arrivedHere("arc"))).toContain("arc=pass")
    expect(await eventually(() => openSmtpd.log(), (log) => log.includes("5.7.26"))).toMatch(/result=\\?"PermFail\\?" stat=\\?"550 5\.7\.26 /)
    expect((await inbox()).filter((text) => text.includes("<mao-danh@"))).toEqual([])
  })

  test("in and out again: passed on under our seal, which dkimpy finds whole, with the author's own signature", async () => {
    await give("exim", { from: "bo@exim.example", to: `ban@${domainOf(person.address)}` }, letter("chuyen", "bo@exim.example"))
    const [copy] = await eventually(async () => (await postfix.received()).filter((text) => text.includes("<chuyen@khach.example>")), ({ length }) => length > 0, 30_000)
    expect(copy).toMatch(/^Return-Path: <SRS0=\w+=\w+=exim\.example=bo@mail\.tinh\.example>/)
    const records = Object.fromEntries([...textRecords(ownZone), ["s1._domainkey.exim.example", dkimRecord]])
    const [verdict] = await pythonVerdicts([Buffer.from((copy ?? "").replaceAll("\n", "\r\n"), "latin1")], records)
    expect(verdict?.arc).toBe("pass")
    expect(new Set(verdict?.dkim)).toEqual(new Set([true]))
  })
})

/** Name and text of each. */
const textRecords = (zone: string): readonly (readonly [string, string])[] =>
  [...zone.matchAll(/^(\S+)\. \d+ IN TXT (.*)$/gm)].map(([, name = "", data = ""]) => [name, data.replace(/^"|"$/g, "").replace(/" "/g, "")])

const addGroup = `
  WITH made AS (INSERT INTO mail_group (address, display_name) VALUES ($1, 'Ban') RETURNING address), joined AS (INSERT INTO mail_group_member SELECT address, $2::text FROM made)
  UPDATE directory_version SET version = version + 1`
const domainOf = (address: string): string => address.slice(address.indexOf("@") + 1)
const quoted = (text: string): string => (text.match(/.{1,250}/g) ?? []).map((part) => `"${part}"`).join(" ")
