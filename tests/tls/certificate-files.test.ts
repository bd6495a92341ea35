import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type CertificateFilesLog, openCertificateFiles } from "../../src/tls/certificate-files.ts"
import { certificateStandings } from "../../src/tls/certificate-health.ts"
import { pairOf, serverPem } from "./server-certificates.ts"

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-certificates-"))
})
afterAll(() => rm(dir, { recursive: true }))

const files = (name: string) => ({ certificateFile: join(dir, `${name}.pem`), keyFile: join(dir, `${name}.key`) })

async function write(name: string, { cert, key }: { readonly cert: string; readonly key: string }): Promise<void> {
  await writeFile(files(name).certificateFile, cert)
  await writeFile(files(name).keyFile, key)
}

function events(): CertificateFilesLog & { readonly said: string[] } {
  const said: string[] = []
  return { said, renewed: ({ names }) => void said.push(`renewed ${names.join()}`), refused: ({ reason }) => void said.push(`refused ${reason}`) }
}

test("a renewed pair is taken over; one that is wrong leaves the other in force, and is complained of once", async () => {
  const first = serverPem({ names: ["a.example"] })
  await write("a", first)
  await write("b", serverPem({ names: ["b.example"] }))
  const log = events()
  const open = await openCertificateFiles([files("a"), files("b")], log)
  expect(await open.reload()).toBe(false)
  const next = serverPem({ names: ["a.example", "c.example"] })
  // the certificate has come, its key not yet
  await writeFile(files("a").certificateFile, next.cert)
  expect(await open.reload()).toBe(false)
  expect(await open.reload()).toBe(false)
  expect(open.problems).toEqual([`${files("a").certificateFile}: the key is not the one of the certificate`])
  expect(open.pairs.map(({ names }) => names)).toEqual([["a.example"], ["b.example"]])
  await writeFile(files("a").keyFile, next.key)
  expect(await open.reload()).toBe(true)
  expect(open.problems).toEqual([])
  expect(open.pairs.map(({ names }) => names)).toEqual([["a.example", "c.example"], ["b.example"]])
  expect(log.said).toEqual(["refused the key is not the one of the certificate", "renewed a.example,c.example"])
  await rm(files("b").keyFile)
  expect(await open.reload()).toBe(false)
  expect(open.problems).toEqual([expect.stringMatching(/b\.pem: cannot be read: ENOENT/)])
  // what was there before is no problem any more when it comes back
  await write("b", serverPem({ names: ["b.example"] }))
  expect(await open.reload()).toBe(true)
  expect(open.problems).toEqual([])
})

test.each([
  ["no certificate", { cert: "x", key: serverPem({ names: ["a.example"] }).key }, /holds no PEM certificate$/],
  ["no key", { cert: serverPem({ names: ["a.example"] }).cert, key: "x" }, /holds no PEM private key$/],
  ["a stranger's key", { cert: serverPem({ names: ["a.example"] }).cert, key: serverPem({ names: ["a.example"] }).key }, /the key is not the one of the certificate$/],
])("a server does not start with %s", async (_, pem, reason) => {
  await write("bad", pem)
  await expect(openCertificateFiles([files("bad")], events())).rejects.toThrow(reason)
})

test("an end within two weeks is a warning, an end or a problem is one", () => {
  const now = Date.now()
  const day = 86_400_000
  const pair = (days: number) => pairOf(serverPem({ names: [`in-${days}.example`], lastsMs: days * day }))
  const kinds = (...days: readonly number[]) => {
    const { ended, ending, good } = certificateStandings(days.map(pair), now)
    return [ended, ending, good].map((all) => all.map(({ name }) => name))
  }
  expect(kinds(30)).toEqual([[], [], ["in-30.example"]])
  expect(kinds(30, 13, -1)).toEqual([["in--1.example"], ["in-13.example"], ["in-30.example"]])
})
