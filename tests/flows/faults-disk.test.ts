import { spawnSync } from "node:child_process"
import { readdir, rm, statfs, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, type FaultsWorld, inbox, message, newFaultsDir, send, startFaultsWorld, tagged } from "../support/faults-world.ts"

const mib = 2 ** 20
const diskBytes = 24 * mib
/** A disk of 24 MiB in memory, mounted on a folder; only root may. */
const mountSmallDisk = (dir: string): boolean => process.getuid?.() === 0 && spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes}`, "congthu-test", dir]).status === 0
const unmountSmallDisk = (dir: string): void => void spawnSync("umount", [dir])

/** design.md §5: disk nearly full: 452 4.3.1 before DATA; reading goes on; what did not fit leaves nothing behind. */
describe("when the disk is full", () => {
  let blobDir: string
  let mounted = false
  let world: FaultsWorld

  beforeAll(async () => {
    blobDir = await newFaultsDir()
    mounted = mountSmallDisk(blobDir)
    if (!mounted) console.warn("no right to mount a small disk: the tests of a full disk are skipped")
    else world = await startFaultsWorld({ env: { CONGTHU_STORE_BLOB_DIR: blobDir, CONGTHU_STORE_MINIMUM_FREE: "4MiB" } })
  }, 90_000)
  afterAll(async () => {
    await world?.close()
    if (mounted) unmountSmallDisk(blobDir)
    await rm(blobDir, { recursive: true, force: true })
  })

  test("in the middle of DATA: a temporary refusal at its end, nothing left behind, and the session goes on", async ({ skip }) => {
    if (!mounted) skip()
    const { people, accounts: [an] } = world
    if (!an) throw new Error("no account")
    const smtp = await people.outsider()
    const free = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(blobDir)
      return bavail * bsize
    }
    const before = await free()
    // compressed, base64 of noise is as long as the noise
    const rows = 40 * 1024
    const lines = Array.from({ length: rows }, (_, row) => noise(row)).join("")
    const { text } = message("qua-lon")
    expect(rows * noiseBytes).toBeGreaterThan(diskBytes)
    expect(await send(smtp, { to: an.address }, { ...message("qua-lon"), text: `${text}${lines}` })).toMatch(/^4\d\d 4\.3\.[01] /)
    expect(await eventually(free, (bytes) => bytes === before)).toBe(before)
    expect((await readdir(blobDir, { recursive: true })).filter((name) => name.includes("/"))).toEqual([])
    // it may be low on space for the moment that the measurement is old
    expect(await eventually(async () => (await smtp.command("RSET"), send(smtp, { to: an.address }, message("vua"))), (reply) => reply.startsWith("250 "))).toMatch(/^250 2\.0\.0/)
    await eventually(() => inbox(people, an), (found) => found.get("vua")?.times === 1)
    expect([...(await inbox(people, an)).keys()]).toEqual(["vua"])
    smtp.destroy()
  })

  test("nearly: MAIL is refused with 452 4.3.1 on every door, reading goes on, and mail is taken again when there is room", async ({ skip }) => {
    if (!mounted) skip()
    const { people, accounts: [an, binh] } = world
    if (!an || !binh) throw new Error("no accounts")
    const [smtp, submitter, reader] = await Promise.all([people.outsider(), people.submitter(binh), people.reader(an)])
    const filler = join(blobDir, "filler")
    await writeFile(filler, Buffer.alloc(diskBytes - 3 * mib))
    const ask = async (): Promise<string> => {
      const reply = await smtp.command("MAIL FROM:<nguoigui@ngoai.example>")
      await smtp.command("RSET")
      return reply
    }
    expect(await eventually(ask, (reply) => !reply.startsWith("250 "))).toMatch(/^452 4\.3\.1 /)
    expect(await submitter.command(`MAIL FROM:<${binh.address}>`)).toMatch(/^452 4\.3\.1 /)
    // reading, and what reading needs, goes on
    expect(tagged(await reader.command("SELECT INBOX"))).toMatch(/^t OK/)
    expect((await reader.command("FETCH 1 BODY.PEEK[]")).join("\n")).toContain("Subject: vua")
    expect((await reader.command("STORE 1 +FLAGS (\\Seen)")).join("\n")).toMatch(/\\Seen[^]*t OK/)
    expect(tagged(await reader.command("MOVE 1 Archive"))).toMatch(/^t OK/)
    await rm(filler)
    await eventually(ask, (reply) => reply.startsWith("250 "))
    expect(await send(smtp, { to: an.address }, message("sau"))).toMatch(/^250 2\.0\.0/)
    await eventually(() => inbox(people, an), (found) => found.get("sau")?.times === 1)
    for (const client of [smtp, submitter, reader]) client.destroy()
  })
})

const noiseBytes = 672

/** A line of base64 that no other repeats. */
function noise(seed: number): string {
  let state = seed * 2_654_435_761 + 1
  const bytes = Buffer.alloc(noiseBytes)
  for (let at = 0; at < bytes.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return `${bytes.toString("base64")}\r\n`
}
