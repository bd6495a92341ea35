import { type BenchCase, milliseconds, perSecond } from "../bench-case.ts"
import type { ImapClient } from "../imap-client.ts"
import { message } from "../messages.ts"
import { inParallel, Samples } from "../samples.ts"
import { addressOf, openMailbox, outsider, type Target } from "../target.ts"
import { openAll } from "./smtp.ts"

/** Twenty mail clients at work, each in its own mailbox of 200 messages, which keeps its size. */
const clients = 20
const firstUser = 1001
const preloaded = 200
const bytes = 10_240

interface Reader {
  readonly client: ImapClient
  readonly address: string
}

interface Action {
  /** How many of a hundred. */
  readonly weight: number
  run(reader: Reader, random: (below: number) => number): Promise<void>
}

const anyOf = ({ client }: Reader, random: (below: number) => number): number => 1 + random(Math.max(1, client.exists))
const letter = ({ address }: Reader): Buffer => message({ from: outsider, to: address, bytes })

const actions: readonly Action[] = [
  { weight: 22, run: (reader, random) => reader.client.command(`FETCH ${anyOf(reader, random)} (BODY[])`) },
  { weight: 14, run: ({ client }) => client.command(`FETCH ${Math.max(1, client.exists - 49)}:* (UID FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE)`) },
  { weight: 12, run: (reader, random) => reader.client.command(`STORE ${anyOf(reader, random)} +FLAGS (${["\\Seen", "\\Flagged", "\\Answered"][random(3)]})`) },
  { weight: 12, run: ({ client }) => client.command("NOOP") },
  { weight: 10, run: ({ client }) => client.command("FETCH 1:* (FLAGS)") },
  { weight: 8, run: ({ client }) => client.command('STATUS "Archive" (MESSAGES UNSEEN UIDNEXT)') },
  { weight: 6, run: (reader) => reader.client.append("INBOX", [letter(reader)]) },
  { weight: 4, run: ({ client }) => client.command("UID SEARCH UNSEEN") },
  { weight: 3, run: ({ client }) => client.command('UID SEARCH SUBJECT "Letter 7"') },
  { weight: 3, run: (reader, random) => reader.client.command(`MOVE ${anyOf(reader, random)} "Archive"`) },
  { weight: 2, run: ({ client }) => client.command('UID SEARCH TEXT "zebrafish"') },
  { weight: 2, run: (reader, random) => reader.client.command(`COPY ${anyOf(reader, random)} "Archive"`) },
  {
    weight: 2,
    async run(reader, random) {
      await reader.client.command(`STORE ${anyOf(reader, random)} +FLAGS.SILENT (\\Deleted)`)
      await reader.client.command("EXPUNGE")
    },
  },
]
const deck = actions.flatMap((action) => Array.from({ length: action.weight }, () => action))

/** The same sequence in every run (a linear congruential generator). */
function createRandom(): (below: number) => number {
  let state = 20_260_101
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
}

async function openReader(target: Target, index: number): Promise<Reader> {
  const number = firstUser + index
  const client = await openMailbox(target, number)
  const reader = { client, address: addressOf(target, number) }
  await client.command('CREATE "Archive"').catch(() => undefined)
  const missing = preloaded - (await client.countMessages("INBOX"))
  await Promise.all(Array.from({ length: Math.max(0, missing) }, () => client.append("INBOX", [letter(reader)])))
  await client.select("INBOX")
  return reader
}

export const imapMix: BenchCase = {
  name: "mix",
  title: `IMAP mix, ${clients} clients`,
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = 20_000
    const readers = await openAll(clients, (index) => openReader(target, index))
    const random = createRandom()
    const latency = new Samples()
    const ms = await meter.during(count, () =>
      inParallel(count, clients, async (_, lane) => {
        const reader = readers[lane]
        const action = deck[random(deck.length)]
        if (!reader || !action) return
        const from = performance.now()
        await action.run(reader, random)
        latency.add(performance.now() - from)
      }),
    )
    for (const { client } of readers) client.close()
    return [perSecond("operations", count, ms), milliseconds("p50", latency.p50), milliseconds("p99", latency.p99)]
  },
}
