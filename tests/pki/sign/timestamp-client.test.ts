import { execFile } from "node:child_process"
import { hash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { systemClock } from "../../../src/base/clock.ts"
import { keyPurpose } from "../../../src/pki/key-purpose.ts"
import { createAllowedUrls } from "../../../src/pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../../../src/pki/revocation/http-fetch.ts"
import { createTimestampClient } from "../../../src/pki/sign/timestamp-client.ts"
import { readTimestampToken } from "../../../src/pki/timestamp-token.ts"
import { verifyTimestamp } from "../../../src/pki/timestamp.ts"
import { createPathValidator } from "../../../src/pki/validate-path.ts"
import { timeStamping } from "../../../src/pki/path-rules.ts"
import { pem } from "../../../src/pki/write-certificate.ts"
import { extendedKeyUsage } from "../../../src/pki/write-extensions.ts"
import { installed } from "../../imap/clients/client-machine.ts"
import { authorityOf, holderOf, type Issued } from "../../support/test-pki.ts"

/** A time-stamping authority as openssl runs it, behind HTTP; between it and us whatever a test puts there. */
type Between = (query: Buffer) => Promise<Buffer | undefined>

const run = promisify(execFile)
const now = systemClock.now()
const signature = randomBytes(256)
let dir: string
let server: Server
let root: Issued
let between: Between
const file = (name: string): string => join(dir, name)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-tsa-"))
  const lasts = { from: now - 3_600_000, to: now + 3_600_000 }
  root = authorityOf({ name: "Root", ...lasts })
  const authority = holderOf({ name: "TSA", by: root, purposes: [], extensions: [extendedKeyUsage([keyPurpose.timeStamping], true)], ...lasts })
  await writeFile(file("tsa.pem"), pem("CERTIFICATE", authority.certificate.der))
  await writeFile(file("tsa.key"), authority.privateKey.export({ type: "pkcs8", format: "pem" }))
  for (const digest of ["sha256", "sha512"]) {
    await writeFile(file(`${digest}.cnf`), `[tsa]\ndefault_tsa=own\n[own]\nserial=${file("serial")}\nsigner_cert=${file("tsa.pem")}\nsigner_key=${file("tsa.key")}\ndefault_policy=1.2.3.4\ndigests=${digest}\nsigner_digest=sha256\ness_cert_id_alg=sha256\n`)
  }
  server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const reply = await between(Buffer.concat(chunks))
      if (reply) response.end(reply)
    })()
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(dir, { recursive: true })
})
beforeEach(() => {
  between = (query) => openssl(query)
})

/** `accepts`: the digest that the authority stamps; asked for another it refuses (RFC 3161 §2.4.2, badAlg). */
async function openssl(query: Buffer, accepts: "sha256" | "sha512" = "sha256"): Promise<Buffer> {
  await writeFile(file("query.tsq"), query)
  await run("openssl", ["ts", "-reply", "-config", file(`${accepts}.cnf`), "-queryfile", file("query.tsq"), "-out", file("reply.tsr")])
  return readFile(file("reply.tsr"))
}

async function stamp(timeoutMs = 30_000, clock = systemClock): Promise<Uint8Array | string> {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const fetch = createRevocationFetch({ allowed: createAllowedUrls([origin]), timeoutMs, restMs: 0, clock })
  try {
    const token = await createTimestampClient({ fetch, url: origin, clock }).stamp(signature)
    return token.ok ? token.value : token.failure
  } finally {
    fetch.close()
  }
}

/** The query with its last octets of this content replaced: the imprint's, or the nonce's. */
function replaced(query: Buffer, content: Uint8Array): Buffer {
  const at = query.lastIndexOf(content)
  if (at === -1) throw new Error("the query has no such octets")
  return Buffer.concat([query.subarray(0, at), Buffer.alloc(content.length, 0x41), query.subarray(at + content.length)])
}

const imprint = hash("sha256", signature, "buffer")
/** 17 octets behind the tag and length, before `certReq`, which ends the query. */
const nonceOf = (query: Buffer): Buffer => query.subarray(-3 - 16, -3)

describe.skipIf(!installed("openssl"))("with openssl as the authority", () => {
  test("the stamp is on our signature, and proves its time to whoever trusts the authority", async () => {
    const token = await stamp()
    if (typeof token === "string") throw new Error(token)
    expect(readTimestampToken(token)).toMatchObject({ imprint: { digest: "sha256", value: imprint.toString("hex") }, policy: "1.2.3.4" })
    const provenBy = async (anchors: readonly Issued[]): Promise<string> => {
      const paths = createPathValidator({
        anchors: anchors.map(({ certificate }) => ({ name: "a", certificate, purposes: new Set([keyPurpose.timeStamping]) })), intermediates: [],
        algorithms: { minRsaBits: 2_048, curves: ["P-256"], digests: ["sha256"], ed25519: false },
      })
      const proven = await verifyTimestamp({ token, signatureDigests: { sha256: imprint.toString("base64") }, now: systemClock.now() }, {
        async of({ certificate, pool, at }) {
          const { problems, anchor } = paths.validate({ certificate, intermediates: pool, purpose: timeStamping, at })
          return { fingerprint: certificate.fingerprint, problems, chain: [], anchor, revocation: [], at }
        },
      })
      return proven.ok ? "proven" : `${proven.failure.kind}: ${proven.failure.problems.join(" ")}`
    }
    expect(await provenBy([root])).toBe("proven")
    expect(await provenBy([authorityOf({ name: "Another" })])).toBe("unproven: untrusted")
  })

  test.each<readonly [string, Between, string]>([
    ["another imprint", (query) => openssl(replaced(query, imprint)), "sends a time stamp that is of another signature"],
    ["another nonce", (query) => openssl(replaced(query, nonceOf(query))), "answers another question"],
    ["a refusal", (query) => openssl(query, "sha512"), "refuses with status 2"],
    ["a signature that is broken", async (query) => broken(await openssl(query)), "sends a time stamp that has a broken signature"],
  ])("%s: no stamp", async (_name, how, expected) => {
    between = how
    expect(await stamp()).toBe(expected)
  })

  test("a stamp from the future is none", async () => {
    expect(await stamp(30_000, { now: () => systemClock.now() - 3_600_000 })).toBe("sends a time stamp that is from the future")
  })
})

/** The last octet of a reply is the last of the signature. */
function broken(reply: Buffer): Buffer {
  const copy = Buffer.from(reply)
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

test.each<readonly [string, Between, RegExp]>([
  ["garbage", async () => Buffer.from("<html>Bảo trì</html>"), /^sends no time stamp: it /],
  ["nothing", async () => Buffer.alloc(0), /^sends no time stamp: it /],
  ["a reply that is granted and empty", async () => Buffer.from("30053003020100", "hex"), /^refuses with status 0$/],
  ["more than any stamp has", async () => Buffer.alloc(200_000), /^sent more than 131072 bytes$/],
])("%s: no stamp", async (_name, how, expected) => {
  between = how
  expect(await stamp()).toMatch(expected)
})

test("an authority that is too slow is given up", async () => {
  between = async () => undefined
  expect(await stamp(50)).toBe("did not answer within 50 ms")
})
