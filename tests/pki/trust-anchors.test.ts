import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { AlgorithmPolicy } from "../../src/pki/algorithm-policy.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { type AnchorSetting, loadTrust } from "../../src/pki/trust-anchors.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { authorityOf, holderOf, type Issued } from "../support/test-pki.ts"

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "congthu-anchors-"))
})
afterAll(() => rmSync(dir, { recursive: true }))

const algorithms: AlgorithmPolicy = { minRsaBits: 2048, curves: ["P-256"], digests: ["sha256"], ed25519: false }
const root = authorityOf({ name: "Root" })
const other = authorityOf({ name: "Other root" })

function written(name: string, ...issued: readonly Issued[]): string {
  writeFileSync(join(dir, name), issued.map(({ certificate }) => pem("CERTIFICATE", certificate.der)).join(""))
  return join(dir, name)
}

const load = (anchor: Partial<AnchorSetting>, intermediateFiles: readonly string[] = []) =>
  loadTrust({ anchors: [{ name: "official", file: written("root.pem", root), purposes: ["emailProtection"], ...anchor }], intermediateFiles, algorithms })

test("every certificate of the file is an anchor, under the name and for the purposes that were given", async () => {
  const loaded = await load({ file: written("roots.pem", root, other), purposes: ["emailProtection", "timeStamping", "1.2.3.4"] }, [written("middle.pem", authorityOf({ name: "Middle", by: root }))])
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  expect(loaded.value.anchors.map(({ name, certificate }) => [name, certificate.subject.commonName])).toEqual([["official", "Root"], ["official", "Other root"]])
  expect([...(loaded.value.anchors[0]?.purposes ?? [])]).toEqual([keyPurpose.emailProtection, keyPurpose.timeStamping, "1.2.3.4"])
  expect(loaded.value.intermediates.map(({ subject }) => subject.commonName)).toEqual(["Middle"])
})

test.each<readonly [string, () => Partial<AnchorSetting>, RegExp]>([
  ["a file that is not there", () => ({ file: join(dir, "none.pem") }), /^cannot be read: ENOENT/],
  ["a file without certificates", () => ({ file: written("empty.pem") }), /^cannot be read: the file has no certificate in it/],
  ["a holder's certificate", () => ({ file: written("holder.pem", holderOf({ by: root })) }), /^is no authority: "CN=A,O=Test"/],
  ["a weak key", () => ({ file: written("weak.pem", authorityOf({ key: "rsa1024" })) }), /^has a key that pki.algorithms does not allow/],
  ["a key that is switched off", () => ({ file: written("edwards.pem", authorityOf({ key: "ed25519" })) }), /^has a key that pki.algorithms does not allow/],
  ["a purpose that is none", () => ({ purposes: ["email"] }), /^has the purpose "email", which is neither emailProtection, timeStamping, ocspSigning nor a dotted OID/],
  ["no purpose", () => ({ purposes: [] }), /^has no purpose/],
])("refused, with the anchor's name: %s", async (_name, anchor, reason) => {
  expect(await load(anchor())).toEqual({ ok: false, failure: [{ anchor: "official", reason: expect.stringMatching(reason) }] })
})

test("an intermediate that cannot be read is a problem, too", async () => {
  expect(await load({}, [join(dir, "none.pem")])).toMatchObject({ ok: false, failure: [{ anchor: join(dir, "none.pem") }] })
})
