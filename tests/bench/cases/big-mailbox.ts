import { type BenchCase, type Figure, milliseconds, perSecond } from "../bench-case.ts"
import { message } from "../messages.ts"
import { median, timed } from "../samples.ts"
import { addressOf, openMailbox, outsider, type Target } from "../target.ts"

/** A mailbox of 50,000 messages, filled once and then used by sessions that open it anew. */
const count = 50_000
const bytes = 4_096
const user = 2001
const mailbox = "Big"
/** The first ones are still being compiled; what is asked is how quick a server at work is. */
const rounds = 21
const slowRounds = 3
const appendsAtOnce = 50

const commands: readonly (readonly [string, string])[] = [
  ["FETCH 1:* (UID FLAGS)", "FETCH 1:* (UID FLAGS)"],
  ["FETCH last 50", `FETCH ${count - 49}:* (UID FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE)`],
  ["UNSEEN", "UID SEARCH UNSEEN"],
  ["STORE 1:* +", "STORE 1:* +FLAGS (\\Flagged)"],
  ["STORE 1:* -", "STORE 1:* -FLAGS (\\Flagged)"],
  ["STORE one", `STORE ${count / 2} +FLAGS (\\Answered)`],
]

/** They look at every message. */
const slowCommands: readonly (readonly [string, string])[] = [
  ["SUBJECT", 'UID SEARCH SUBJECT "zebrafish"'],
  ["TEXT", 'UID SEARCH TEXT "zebrafish"'],
]

async function fill(target: Target): Promise<Figure[]> {
  const client = await openMailbox(target, user)
  await client.command(`CREATE "${mailbox}"`).catch(() => undefined)
  const to = addressOf(target, user)
  const have = await client.countMessages(mailbox)
  const multiple = await client.hasCapability("MULTIAPPEND")
  const { ms } = await timed(async () => {
    for (let at = have; at < count; at += appendsAtOnce) {
      const flags = (at / appendsAtOnce) % 10 === 0 ? "" : "\\Seen"
      const letters = Array.from({ length: Math.min(appendsAtOnce, count - at) }, () => message({ from: outsider, to, bytes }))
      if (multiple) await client.append(mailbox, letters, flags)
      else await Promise.all(letters.map((letter) => client.append(mailbox, [letter], flags)))
    }
  })
  client.close()
  return have < count ? [perSecond("APPEND", count - have, ms)] : []
}

export const bigMailbox: BenchCase = {
  name: "big",
  title: `Mailbox of ${count}, warm, median of ${rounds} rounds`,
  engine: "redis",
  runs: 1,
  async run(target, meter) {
    const filled = await fill(target)
    // it stays open elsewhere, as an office's mailbox does
    const keeper = await openMailbox(target, user)
    await keeper.select(mailbox)
    const times = new Map<string, number[]>([["SELECT", []], ...[...commands, ...slowCommands].map(([name]) => [name, []] as [string, number[]])])
    await meter.during(rounds, async () => {
      for (let round = 0; round < rounds; round++) {
        const client = await openMailbox(target, user)
        times.get("SELECT")?.push((await timed(() => client.select(mailbox))).ms)
        for (const [name, command] of round < rounds - slowRounds ? commands : [...commands, ...slowCommands]) times.get(name)?.push((await timed(() => client.command(command))).ms)
        client.close()
      }
    })
    keeper.close()
    return [...[...times].map(([name, values]) => milliseconds(name, median(values))), ...filled]
  },
}
