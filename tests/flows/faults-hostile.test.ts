import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { attack, attacks, measure, residentBytes, storm, told } from "../support/faults-storm.ts"
import { eventually, type FaultsWorld, healthOf, inbox, message, send, startFaultsWorld, tagged } from "../support/faults-world.ts"

const mib = 2 ** 20
const attackers = 8

/** design.md §5: malformed or hostile input: one clear protocol error; memory bounded; the connection ends, nobody else notices. */
describe("when clients are hostile", () => {
  let world: FaultsWorld
  beforeAll(async () => {
    world = await startFaultsWorld({ env: { CONGTHU_SMTP_MAX_CONNECTIONS_PER_ADDRESS: "500" } })
  }, 90_000)
  afterAll(() => world?.close())

  test.each(attacks)("$door: $name", async (one) => {
    const said = await attack(one, world.system.ports)
    const lines = said.split("\r\n").slice(1, -1)
    // a clear error in the protocol's words, or the refusal of what is not spoken here; never an internal error, never silence
    if (one.door.startsWith("imap")) {
      expect(lines.every((line) => /^(\* |\+ |\S+ (OK|NO|BAD) )/.test(line))).toBe(true)
      expect(lines.some((line) => /^(\* BYE |\* BAD |\S+ BAD |\S+ NO )/.test(line))).toBe(true)
    } else {
      expect(lines.every((line) => /^\d{3}[ -]/.test(line))).toBe(true)
      // what is deep but lawful is taken
      expect(lines.some((line) => (one.lawful ? /^250 2\.0\.0 Accepted/ : /^(421|[45]\d\d) /).test(line))).toBe(true)
      expect(lines.some((line) => line.startsWith("451 "))).toBe(false)
    }
    expect(said).not.toContain("SERVERBUG")
  })

  test("in a storm of them memory stays bounded, and those who behave go on", async () => {
    const { people, system, accounts: [an] } = world
    if (!an) throw new Error("no account")
    const roles = system.processes()
    const resident = (): Readonly<Record<string, number>> => Object.fromEntries(["smtp", "imap"].map((role) => [role, residentBytes(roles.get(role) ?? 0)]))
    const [reader, smtp] = await Promise.all([people.reader(an), people.outsider()])
    await reader.command("SELECT INBOX")
    const before = resident()
    const raging = storm(system.ports, attackers)
    const [imapTook, smtpTook] = await Promise.all([
      measure(async () => expect(tagged(await reader.command("NOOP"))).toMatch(/^t OK/), raging),
      measure(async () => expect(await smtp.command("NOOP")).toMatch(/^250 /), raging),
      raging,
    ])
    const after = resident()
    console.log(`NOOP in a storm of ${attackers * attacks.length} attacks: IMAP ${told(imapTook)}; SMTP ${told(smtpTook)}`)
    for (const role of ["smtp", "imap"]) {
      console.log(`resident memory of ${role}: ${Math.round((before[role] ?? 0) / mib)} MiB before, ${Math.round((after[role] ?? 0) / mib)} MiB after`)
      expect((after[role] ?? Infinity) - (before[role] ?? 0)).toBeLessThan(256 * mib)
    }
    // the same processes serve, and mail goes through
    expect([...system.processes()]).toEqual([...roles])
    expect((await healthOf(system)).ok).toBe(true)
    expect(await send(smtp, { to: an.address }, message("sau-bao"))).toMatch(/^250 2\.0\.0/)
    await eventually(() => inbox(people, an), (found) => found.get("sau-bao")?.times === 1)
    for (const client of [reader, smtp]) client.destroy()
  }, 60_000)
})
