import { createHash, X509Certificate } from "node:crypto"
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { acmeFiles, type CertificateKeeper, createCertificateKeeper, type KeeperOptions } from "../../src/acme/certificate-keeper.ts"
import { openChallengeListener } from "../../src/acme/challenges.ts"
import { ensureFirstCertificate } from "../../src/acme/first-certificate.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { hasPebble, type Pebble, startPebble } from "../support/pebble.ts"

const names = ["mail.tinh.example", "so.tinh.example"] as const
const day = 86_400_000
const macKey = Buffer.from("a key of the customer, 32 octets").toString("base64url")

describe.skipIf(!hasPebble)("a certificate by ACME, from Pebble", () => {
  let pebble: Pebble
  let port: number
  let dir: string
  let now: number
  let said: { readonly kind: string; readonly reason?: string; readonly why?: string }[]
  const keepers: CertificateKeeper[] = []
  const clock = { now: () => now }
  beforeAll(async () => {
    port = await freeLoopbackPort()
    // every second nonce is refused, as may happen at any time (RFC 8555 §6.5)
    pebble = await startPebble({ challengePort: port, externalAccounts: { khach: macKey }, refusedNonces: 50 })
  })
  afterAll(() => pebble?.stop())
  beforeEach(async () => {
    now = Date.now()
    said = []
    dir = await mkdtemp(join(tmpdir(), "congthu-acme-"))
    await ensureFirstCertificate({ dir, names, clock })
    return async () => {
      await Promise.all(keepers.splice(0).map((keeper) => keeper.close()))
      await rm(dir, { recursive: true })
    }
  })

  function keeper(differing: Partial<KeeperOptions> = {}): CertificateKeeper {
    const { challenge = "http-01" } = differing
    const made = createCertificateKeeper({
      dir, names, clock, challenge,
      directory: pebble.directory, authorities: [pebble.authority], contacts: ["quan-tri@tinh.example"], externalAccount: { keyId: "khach", macKey },
      proofs: () => openChallengeListener(challenge, { host: "127.0.0.1", port }, clock),
      log: { obtained: ({ why }) => void said.push({ kind: "obtained", why }), failed: ({ reason }) => void said.push({ kind: "failed", reason }) },
      ...differing,
    })
    keepers.push(made)
    return made
  }
  const served = async (): Promise<X509Certificate> => new X509Certificate(await readFile(acmeFiles(dir).certificateFile))
  const keyHash = ({ publicKey }: X509Certificate): string => createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("hex")

  test.each(["http-01", "tls-alpn-01"] as const)("obtained by %s for all names, kept as long as it is good, renewed for the same key when a third of its life is left", async (challenge) => {
    const first = await served()
    const kept = keeper({ challenge })
    expect(await kept.state()).toMatchObject({ due: "no authority has signed it", issued: false })
    await kept.run()
    expect(said).toEqual([{ kind: "obtained", why: "no authority has signed it" }])
    const obtained = await served()
    for (const name of names) expect(obtained.checkHost(name)).toBe(name)
    const [, intermediate = ""] = (await readFile(acmeFiles(dir).certificateFile, "utf8")).split(/(?<=-----END CERTIFICATE-----\n)/)
    expect(obtained.verify(new X509Certificate(intermediate).publicKey)).toBe(true)
    expect(new X509Certificate(intermediate).verify(new X509Certificate(await pebble.root()).publicKey)).toBe(true)
    expect(keyHash(obtained)).toBe(keyHash(first))
    for (const file of await readdir(dir)) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)

    await kept.run()
    expect(await served()).toMatchObject({ serialNumber: obtained.serialNumber })
    const [from, to] = [Date.parse(obtained.validFrom), Date.parse(obtained.validTo)]
    now = from + (to - from) * 0.66
    expect((await kept.state()).due).toBeNull()
    now = Math.ceil(to - (to - from) / 3)
    expect((await kept.state()).due).toMatch(/^it ends on /)
    now = to - day
    // Pebble has the time of day: to us, what it issues now is as old as what is there, and is not put in its place
    await kept.run()
    expect(said.at(-1)).toEqual({ kind: "failed", reason: expect.stringMatching(/^the authority's certificate is of no use: it ends on /) as unknown })
    expect(await served()).toMatchObject({ serialNumber: obtained.serialNumber })
    now += day
    await keeper({ challenge, proofs: () => openChallengeListener(challenge, { host: "127.0.0.1", port }, clock).finally(() => (now = Date.now())) }).run()
    expect(said.at(-1)).toEqual({ kind: "obtained", why: expect.stringMatching(/^it ends on /) as unknown })
    expect(await served()).not.toMatchObject({ serialNumber: obtained.serialNumber })
    expect(keyHash(await served())).toBe(keyHash(first))
  })

  test("another name in the configuration is another certificate, at the same account", async () => {
    await keeper({ names: [names[0]] }).run()
    const one = await served()
    const both = keeper()
    expect((await both.state()).due).toBe(`it is not for ${names[1]}`)
    await both.run()
    expect(await served()).not.toMatchObject({ serialNumber: one.serialNumber })
    expect((await both.state()).due).toBeNull()
  })

  test("a proof that the authority does not find is told with its words, rests longer each time, also in a new process, and in the end succeeds", async () => {
    const nowhere = async () => ({ ...(await openChallengeListener("http-01", { host: "127.0.0.1", port }, clock)), show: async () => undefined })
    const before = await readFile(acmeFiles(dir).certificateFile)
    const failing = keeper({ proofs: nowhere })
    await failing.run()
    expect(said).toEqual([{ kind: "failed", reason: expect.stringMatching(/^\w+\.tinh\.example: the authority does not find the proof \(unauthorized: .+404.*\)$/) as unknown }])
    expect(await failing.state()).toMatchObject({ failures: 1, nextAt: now + 60_000 })
    await failing.run()
    expect(said).toHaveLength(1)
    now += 60_000
    await keeper({ proofs: nowhere }).run()
    expect(await failing.state()).toMatchObject({ failures: 2, nextAt: now + 300_000 })
    expect(await readFile(acmeFiles(dir).certificateFile)).toEqual(before)
    now += 300_000
    await keeper().run()
    expect(said.at(-1)).toMatchObject({ kind: "obtained" })
    expect(await failing.state()).toMatchObject({ failures: 0, due: null, issued: true })
  })

  test.each<[string, Partial<KeeperOptions>, RegExp]>([
    ["nobody at the address", { directory: "https://localhost:9/dir" }, /^localhost:9 cannot be reached \(.*ECONNREFUSED/],
    ["an authority whose HTTPS nobody vouches for", { authorities: [] }, /^localhost:\d+ cannot be reached \(.*certificate/],
    ["no external account where one is wanted", { externalAccount: null }, /answered 403 \(externalAccountRequired: /],
    ["an external account with another key", { externalAccount: { keyId: "khach", macKey: "AAAA" } }, /answered \d+ \(\w+: .*/],
    ["a port that another has", { proofs: () => Promise.reject(new Error("listen EADDRINUSE")) }, /EADDRINUSE/],
  ])("%s: told, and tried again later", async (_, differing, reason) => {
    const failing = keeper(differing)
    await failing.run()
    expect(said).toEqual([{ kind: "failed", reason: expect.stringMatching(reason) as unknown }])
    expect(await failing.state()).toMatchObject({ failures: 1, issued: false, nextAt: now + 60_000 })
  })

  test("a file of tries that was cut short, and a clock that was set back by years, hold nothing up", async () => {
    await writeFile(acmeFiles(dir).tries, "{")
    now += 2_000 * day
    await keeper({ directory: "https://localhost:9/dir" }).run()
    now -= 2_000 * day
    await keeper().run()
    expect(said.map(({ kind }) => kind)).toEqual(["failed", "obtained"])
  })
})
