import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type Random, seededRandom } from "../crash/random.ts"
import { createImapWorld, type ImapWorld } from "../support/imap-world.ts"
import { simpleMessage } from "./commands/dialog.ts"
import { ClientView } from "./model/client-view.ts"
import { type FlagStore, MailboxModel, sameFlags } from "./model/mailbox-model.ts"

/**
 * Three clients, one mailbox, random commands: first one after the other, where a simple model knows every answer, then all
 * at once, where they must only end up agreeing. `MODEL_SEED` repeats a run.
 */
const seed = Number(process.env["MODEL_SEED"] ?? Date.now() % 1_000_000)
const mailbox = "thu-nghiem"
let world: ImapWorld

beforeAll(async () => {
  world = await createImapWorld({ maxErrors: 1_000_000 })
})
afterAll(() => world.close())
afterEach(() => expect(world.bugs.splice(0)).toEqual([]))

describe.each(["one process", "two processes"] as const)(`in %s, with MODEL_SEED=${seed}`, (processes) => {
  const run = async (name: string, play: (run: Run) => Promise<void>): Promise<void> => {
    const elsewhere = processes === "one process" ? world.server : await world.another({ services: { mailStore: await world.store.otherProcess() } })
    const clients = await Promise.all([world.server, world.server, elsewhere].map((server) => world.signIn("an@tinh.example", server)))
    const random = seededRandom(seed)
    const here = new Run({ random, name: `${mailbox}-${name}-${processes.slice(0, 3)}`, clients: clients.map((client, at) => new ClientView(`client ${at + 1}`, client)), sure: processes === "one process" })
    await clients[0]?.command(`CREATE ${here.name}`)
    await clients[0]?.command("CREATE other")
    for (const view of here.clients) await view.open(`SELECT ${here.name}${view.name === "client 1" ? " (CONDSTORE)" : ""}`)
    await play(here)
    for (const client of clients) client.destroy()
  }

  test("one after the other, every answer is the model's", () =>
    run("one-by-one", async (here) => {
      for (let step = 0; step < 650; step++) {
        await here.checked(here.random.pick(here.clients))
        if (step % 25 === 24) await here.agree(true)
      }
    }))

  test("all at once, they end up agreeing", () =>
    run("at-once", async (here) => {
      for (let round = 0; round < 12; round++) {
        await Promise.all(here.clients.map(async (view) => {
          for (let step = 0; step < 10; step++) await here.free(view)
        }))
        await here.agree(false)
      }
    }))
})

const flagNames = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "khan", "$Forwarded"]

class Run {
  readonly random: Random
  readonly name: string
  readonly clients: readonly ClientView[]
  private readonly model = new MailboxModel()
  /** Each process knows at once what another client has done. */
  private readonly sure: boolean

  constructor(options: { readonly random: Random; readonly name: string; readonly clients: readonly ClientView[]; readonly sure: boolean }) {
    this.random = options.random
    this.name = options.name
    this.clients = options.clients
    this.sure = options.sure
  }

  /** One command, its answer and its effect compared with the model. */
  async checked(view: ClientView): Promise<void> {
    if (!this.sure) await view.run("CHECK")
    await view.learn()
    await this.random.pick(this.steps)(view)
    await view.learn()
  }

  /** One command while others are at work; only what cannot be true is noticed. */
  async free(view: ClientView): Promise<void> {
    await view.learn()
    await this.random.pick(this.freeSteps)(view)
  }

  /** Every client's view after NOOP is what a new client sees, and what the model says. */
  async agree(withModel: boolean): Promise<void> {
    for (const view of this.clients) {
      await view.run(this.sure ? "NOOP" : "CHECK")
      await view.learn()
    }
    const fresh = new ClientView("a new client", await world.signIn())
    await fresh.open(`EXAMINE ${this.name}`)
    const seen = fresh.messages.map(({ uid, flags }) => `${uid} ${[...(flags ?? [])].sort().join(" ")}`)
    await fresh.run("FETCH 1:* (UID MODSEQ)")
    const { lines } = await fresh.run(`STATUS ${this.name} (MESSAGES UNSEEN DELETED UIDNEXT HIGHESTMODSEQ)`)
    fresh.client.destroy()
    for (const view of this.clients) {
      expect(view.messages.map(({ uid, flags }) => `${uid} ${[...(flags ?? [])].sort().join(" ")}`), view.name).toEqual(seen)
    }
    const count = (wanted: (flags: ReadonlySet<string>) => boolean): number => fresh.messages.filter(({ flags }) => flags !== null && wanted(flags)).length
    expect(lines[0]).toContain(`(MESSAGES ${seen.length} UNSEEN ${count((flags) => !flags.has("\\Seen"))} DELETED ${count((flags) => flags.has("\\Deleted"))}`)
    if (!withModel) return
    const { messages, uidNext, modSeq } = this.model
    expect(fresh.messages.map(({ uid, flags, modSeq: told }) => `${uid} ${[...(flags ?? [])].sort().join(" ")} ${told}`)).toEqual(messages.map((message) => `${message.uid} ${[...message.flags].sort().join(" ")} ${message.modSeq}`))
    expect(lines[0]).toContain(`UIDNEXT ${uidNext} HIGHESTMODSEQ ${modSeq})`)
  }

  private readonly append = async (view: ClientView): Promise<void> => {
    const flags = this.someFlags()
    const text = simpleMessage(`thư ${this.model.uidNext}`)
    const { tagged } = await view.run(`APPEND ${this.name} (${flags.join(" ")}) {${Buffer.byteLength(text)}+}\r\n${text}`)
    const [uid] = this.model.append([flags])
    expect(tagged).toMatch(new RegExp(`^OK \\[APPENDUID \\d+ ${uid}\\]`))
  }

  private readonly store = async (view: ClientView): Promise<void> => {
    const chosen = this.choose(view)
    if (!chosen) return
    const { form, set, uids } = chosen
    const change: FlagStore = { mode: this.random.pick(["+", "-", ""]), flags: this.someFlags(), ...(this.random.below(4) === 0 && { unchangedSince: Math.max(1, this.model.modSeq - this.random.below(6)) }) }
    const silent = this.random.below(2) === 0
    const gone = uids.some((uid) => !this.model.find(uid))
    const modified = this.model.store(uids, change)
    const since = change.unchangedSince === undefined ? "" : ` (UNCHANGEDSINCE ${change.unchangedSince})`
    const { tagged } = await view.run(`${form}STORE ${set}${since} ${change.mode}FLAGS${silent ? ".SILENT" : ""} (${change.flags.join(" ")})`, () => silent && view.stored(uids, change, modified))
    const numbers = form === "" ? modified.map((uid) => this.seqOf(view, uid)) : modified
    if (modified.length > 0) expect(numbersOf(/MODIFIED ([\d:,]+)/.exec(tagged)?.[1] ?? "")).toEqual(numbers)
    else expect(tagged).toMatch(gone && form === "" ? /^NO \[EXPUNGEISSUED\]/ : /^OK/)
  }

  private readonly expunge = async (view: ClientView): Promise<void> => {
    const chosen = this.random.below(2) === 0 ? this.choose(view) : undefined
    this.model.remove(chosen ? chosen.uids : null, true)
    const { tagged } = await view.run(chosen ? `UID EXPUNGE ${chosen.uidSet}` : "EXPUNGE")
    expect(tagged).toMatch(/^OK/)
  }

  private readonly copy = async (view: ClientView): Promise<void> => {
    const chosen = this.choose(view)
    if (!chosen) return
    const { form, set, uids } = chosen
    const there = uids.flatMap((uid) => this.model.find(uid) ?? [])
    const moves = this.random.below(2) === 0
    const { lines, tagged } = await view.run(`${form}${moves ? "MOVE" : "COPY"} ${set} ${moves ? "other" : this.name}`)
    const code = /COPYUID \d+ ([\d:,]+) ([\d:,]+)/.exec(moves ? lines.join() : tagged)
    if (form === "" && there.length < uids.length) return expect(tagged).toMatch(/^NO \[EXPUNGEISSUED\]/)
    expect(tagged).toMatch(/^OK/)
    expect(numbersOf(code?.[1] ?? "")).toEqual(there.map(({ uid }) => uid))
    if (moves) this.model.remove(there.map(({ uid }) => uid), false)
    else if (there.length > 0) expect(numbersOf(code?.[2] ?? "")).toEqual(this.model.append(there.map(({ flags }) => [...flags])))
  }

  private readonly fetch = async (view: ClientView): Promise<void> => {
    const chosen = this.choose(view)
    if (!chosen) return
    const { form, set, uids } = chosen
    const reads = this.random.below(3) === 0
    const there = uids.filter((uid) => this.model.find(uid))
    if (reads) this.model.store(uids, { mode: "+", flags: ["\\Seen"] })
    const { lines, tagged } = await view.run(`${form}FETCH ${set} (UID FLAGS${reads ? " BODY[TEXT]<1.3>" : ""})`)
    const rows = lines.filter((line) => /^\* \d+ FETCH \(.*UID/.test(line))
    for (const uid of there) {
      const row = rows.find((line) => new RegExp(`UID ${uid}\\b`).test(line)) ?? ""
      const told = new Set((/FLAGS \(([^)]*)\)/.exec(row)?.[1] ?? "none").split(" ").filter((flag) => flag !== "" && flag !== "\\Recent"))
      expect(sameFlags(told, this.model.find(uid)?.flags ?? new Set()), `${row} should have ${[...(this.model.find(uid)?.flags ?? [])].join(" ")}`).toBe(true)
      if (reads) expect(row).toContain("BODY[TEXT]<1> {3})")
    }
    expect(tagged).toMatch(there.length < uids.length && form === "" ? /^NO \[EXPUNGEISSUED\]/ : /^OK/)
  }

  private readonly search = async (view: ClientView): Promise<void> => {
    const [flag, other] = [this.random.pick(flagNames), this.random.pick(flagNames)]
    const key = (name: string): string => (name.startsWith("\\") ? name.slice(1).toUpperCase() : `KEYWORD ${name}`)
    const { lines } = await view.run(`UID SEARCH RETURN (ALL) OR (${key(flag)} NOT ${key(other)}) NOT (1:* NOT ${key(other)} NOT UNDELETED)`)
    const expected = view.messages.flatMap(({ uid }) => this.model.find(uid) ?? []).filter(({ flags }) => (flags.has(flag) && !flags.has(other)) || flags.has(other) || !flags.has("\\Deleted"))
    expect(numbersOf(/ALL ([\d:,]+)/.exec(lines.find((line) => line.startsWith("* ESEARCH")) ?? "")?.[1] ?? "")).toEqual(expected.map(({ uid }) => uid))
  }

  private readonly reopen = async (view: ClientView): Promise<void> => {
    const closes = this.random.below(2) === 0
    if (closes) this.model.remove(null, true)
    expect((await view.run(closes ? "CLOSE" : "UNSELECT")).tagged).toMatch(/^OK/)
    await view.open(`SELECT ${this.name}`)
  }

  private readonly wait = async (view: ClientView): Promise<void> => void (await view.run(this.random.pick(["NOOP", "CHECK", "IDLE\r\nDONE"])))

  private readonly steps = [this.append, this.append, this.store, this.store, this.store, this.expunge, this.copy, this.fetch, this.fetch, this.search, this.wait, this.reopen]

  private readonly freeSteps: readonly ((view: ClientView) => Promise<unknown>)[] = [
    (view) => view.run(`APPEND ${this.name} (\\Flagged) {${simpleMessage("x").length}+}\r\n${simpleMessage("x")}`),
    (view) => this.freeStore(view),
    (view) => this.freeStore(view),
    (view) => this.onChosen(view, ({ form, set }) => `${form}FETCH ${set} (UID FLAGS BODY[]<0.1>)`),
    (view) => this.onChosen(view, ({ form, set }) => `${form}COPY ${set} ${this.name}`),
    (view) => this.onChosen(view, ({ form, set }) => `${form}MOVE ${set} other`),
    (view) => this.onChosen(view, ({ uidSet }) => `UID EXPUNGE ${uidSet}`),
    (view) => view.run("EXPUNGE"),
    (view) => view.run("SEARCH UNSEEN"),
    (view) => this.wait(view),
  ]

  private async onChosen(view: ClientView, command: (chosen: Chosen) => string): Promise<void> {
    const chosen = this.choose(view)
    if (chosen) expect((await view.run(command(chosen))).tagged).not.toMatch(/^BAD/)
  }

  private async freeStore(view: ClientView): Promise<void> {
    const chosen = this.choose(view)
    if (!chosen) return
    const change: FlagStore = { mode: this.random.pick(["+", "-", ""]), flags: this.someFlags() }
    const silent = this.random.below(2) === 0
    const command = `${chosen.form}STORE ${chosen.set} ${change.mode}FLAGS${silent ? ".SILENT" : ""} (${change.flags.join(" ")})`
    await view.run(command, ({ tagged }) => silent && !tagged.startsWith("BAD") && view.stored(chosen.uids, change, []))
  }

  private someFlags(): readonly string[] {
    return flagNames.filter(() => this.random.below(3) === 0)
  }

  private seqOf(view: ClientView, uid: number): number {
    return view.messages.findIndex((message) => message.uid === uid) + 1
  }

  /** Some messages that the client knows, as a set of sequence numbers or uids. */
  private choose(view: ClientView): Chosen | undefined {
    const count = view.messages.length
    if (count === 0) return undefined
    const first = this.random.below(count)
    const last = Math.min(count - 1, first + this.random.below(4))
    const extra = this.random.below(count)
    const positions = [...new Set([...Array.from({ length: last - first + 1 }, (_, at) => first + at), extra])].sort((a, b) => a - b)
    const uids = positions.flatMap((at) => view.messages[at]?.uid || [])
    const uidSet = uids.length === 0 ? "4294967295" : uids.join(",")
    if (this.random.below(2) === 0) return { form: "UID ", set: uidSet, uids, uidSet }
    // numbers of messages that are gone name nothing, but must be known to name it
    return uids.length < positions.length ? undefined : { form: "", set: `${last + 1}:${first + 1},${extra + 1}`, uids, uidSet }
  }
}

interface Chosen {
  readonly form: "" | "UID "
  readonly set: string
  readonly uids: readonly number[]
  readonly uidSet: string
}

const numbersOf = (set: string): readonly number[] =>
  set === "" ? [] : set.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split(":").map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
