import { createHash, randomBytes } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { deliveryStates, eventually, type FaultsWorld, inbox, message, send, startFaultsWorld, type TestMessage } from "../support/faults-world.ts"

const mib = 2 ** 20
const kibOf = (pid: number, field: "VmRSS" | "VmHWM"): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1])
/** proc(5): forgets how large the process has been. */
const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5")

/** What `work` adds to a process at its peak, bytes. */
async function addedBy(pid: number, work: () => Promise<unknown>): Promise<number> {
  forgetPeak(pid)
  const before = kibOf(pid, "VmRSS")
  await work()
  return (kibOf(pid, "VmHWM") - before) * 1024
}

/** A letter with an attachment of base64, just below the 50 MiB that are accepted. */
function large(subject: string, from: string): TestMessage {
  const lines = randomBytes(37_500_000).toString("base64").replace(/.{76}/g, "$&\r\n")
  const { text } = message(subject, { from })
  const [header = ""] = text.split("\r\n\r\n", 1)
  const whole = `${header}\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`
  return { subject, text: whole, sha256: createHash("sha256").update(whole).digest("hex") }
}

/** Where it is read. */
const hasProc = process.platform === "linux"
if (!hasProc) console.warn("there is no /proc here: what a large message adds to memory is not measured")

describe.skipIf(!hasProc)("a message of 50 MB", () => {
  let world: FaultsWorld
  beforeAll(async () => {
    world = await startFaultsWorld({ accounts: 3 })
  }, 90_000)
  afterAll(() => world?.close())

  test("adds at most 20 MB to the process that receives it, from outside or over TLS, and is delivered as it was", async () => {
    const { system, people, database, accounts: [an, binh, chi] } = world
    const pid = system.processes().get("smtp")
    if (!an || !binh || !chi || pid === undefined) throw new Error("no accounts, or no process")
    const doors = [{ client: await people.outsider(), from: "nguoigui@ngoai.example", to: an }, { client: await people.submitter(chi), from: chi.address, to: binh }]
    for (const { client, from, to } of doors) {
      // what every process has after its first messages
      for (let times = 0; times < 20; times++) expect(await send(client, { from, to: chi.address }, message(`nho-${times}`, { from, rows: 200 }))).toMatch(/^250 /)
      const letter = large("lon", from)
      const added = await addedBy(pid, async () => expect(await send(client, { from, to: to.address }, letter)).toMatch(/^250 /))
      expect(added / mib).toBeLessThan(20)
      await eventually(() => deliveryStates(database), ({ waiting = 0 }) => waiting === 0)
      expect((await inbox(people, to)).get("lon")).toEqual({ times: 1, sha256: letter.sha256 })
      client.destroy()
    }
  })
})
