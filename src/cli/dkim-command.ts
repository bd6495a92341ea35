import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { openResolver } from "../dns/open-resolver.ts"
import { notShown } from "../domains/published-keys.ts"
import { zoneText } from "../domains/zone-text.ts"
import { asciiDomain } from "../mail/address.ts"
import { keyRecordName } from "../mail/dkim/key-record.ts"
import { newDkimKeys } from "../mail/dkim/new-keys.ts"
import { prepareFiles } from "../roles/prepare.ts"
import type { DkimKey, DkimKeyStore } from "../store/dkim-key-store.ts"
import { createSealer } from "../store/sealing.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { administrator } from "./administrator.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { textTable } from "./text-table.ts"

/** `congthu dkim …`: the keys that outgoing mail is signed with, and their way in and out of the DNS. */
export interface ForceOptions {
  readonly force?: boolean
}

export async function createDkimKeys(context: CommandContext, name: string): Promise<number> {
  const domain = domainOf(name)
  const store = await keyStore(context)
  await makePending(store, domain)
  await warnOfStranger(context, domain)
  await tellToPublish(store, domain)
  return exitCodes.ok
}

export async function listDkimKeys(context: CommandContext, name: string | undefined): Promise<number> {
  const keys = await (await keyStore(context)).list(name === undefined ? undefined : domainOf(name))
  if (keys.length === 0) say("There are no DKIM keys; `congthu dkim create DOMAIN` makes them.")
  else print(textTable(["DOMAIN", "SELECTOR", "ALGORITHM", "STATE", "CREATED", "SIGNS SINCE", "REPLACED", "RETIRED"], keys.map(row)))
  return exitCodes.ok
}

const shownTime = (ms: number | null): string => (ms === null ? "" : provinceTime(ms).slice(0, 19))
const row = ({ domain, selector, algorithm, state, createdAt, activatedAt, replacedAt, retiredAt }: DkimKey): readonly string[] =>
  [domain, selector, algorithm, stateWords[state], shownTime(createdAt), shownTime(activatedAt), shownTime(replacedAt), shownTime(retiredAt)]

const stateWords = { pending: "waiting", active: "active", retiring: "retiring", retired: "retired" } as const satisfies Record<DkimKey["state"], string>

/** The next step: new keys when none waits, otherwise those that wait sign from now on, once the DNS shows them. */
export async function rotateDkimKeys(context: CommandContext, name: string, { force = false }: ForceOptions): Promise<number> {
  const domain = domainOf(name)
  const store = await keyStore(context)
  if ((await keysIn(store, domain, "pending")).length === 0) await makePending(store, domain)
  const pending = await keysIn(store, domain, "pending")
  const problems = force ? [] : await notShown(pending, openResolver(context.config.dns, systemClock))
  if (problems.length > 0) {
    await tellToPublish(store, domain)
    for (const problem of problems) say(problem)
    say("The keys do not sign yet. Publish these records: they sign within the hour after, or at once with the same command.")
    return exitCodes.failed
  }
  const activated = await store.activate(domain, administrator())
  if (!activated.ok) throw new CommandError(activated.failure.detail)
  print(`Mail of ${domain} is signed with ${pending.map(({ selector }) => selector).join(" and ")} within a minute.`)
  const old = await keysIn(store, domain, "retiring")
  if (old.length > 0) print(`Keep the records of ${old.map(({ selector }) => selector).join(", ")} for a week, then run: npm run congthu -- dkim retire ${domain}`)
  return exitCodes.ok
}

/** Mail waits for days here, and its reader may look at it days later. */
const transitMs = 7 * 86_400_000

export async function retireDkimKeys(context: CommandContext, name: string, { force = false }: ForceOptions): Promise<number> {
  const domain = domainOf(name)
  const store = await keyStore(context)
  const old = await keysIn(store, domain, "retiring")
  const until = Math.max(...old.map(({ replacedAt }) => (replacedAt ?? 0) + transitMs))
  if (!force && old.length > 0 && until > systemClock.now()) throw new CommandError(`mail that these keys signed may be on its way until ${shownTime(until)}; --force retires them now`)
  const retired = await store.retire(domain)
  if (!retired.ok) throw new CommandError(retired.failure.detail)
  print(["Retired. Remove from the DNS:", ...old.map((key) => `  ${keyRecordName(key)}. TXT`)].join("\n"))
  return exitCodes.ok
}

async function makePending(store: DkimKeyStore, domain: string): Promise<void> {
  const taken = new Set((await store.list(domain)).map(({ selector }) => selector))
  const added = await store.add(domain, await newDkimKeys({ now: systemClock.now(), taken }))
  if (!added.ok) throw new CommandError(`${added.failure.detail}; \`congthu dkim rotate ${domain}\` goes on with them`)
}

async function tellToPublish(store: DkimKeyStore, domain: string): Promise<void> {
  print(zoneText((await keysIn(store, domain, "pending")).map((key) => ({ kind: "dkim", name: keyRecordName(key), key, state: "pending" }))))
}

const keysIn = async (store: DkimKeyStore, domain: string, state: DkimKey["state"]): Promise<readonly DkimKey[]> => (await store.list(domain)).filter((key) => key.state === state)

async function keyStore({ config, database }: CommandContext): Promise<DkimKeyStore> {
  return createDkimKeyStore({ database, sealer: createSealer((await prepareFiles(config)).contentKey) })
}

/** Nothing is wrong with a domain that is to be ours soon. */
export async function warnOfStranger({ database }: CommandContext, domain: string): Promise<void> {
  if (!(await loadDirectory(database)).isLocalDomain(domain)) say(`warning: nobody here has an address in ${domain}`)
}

const longestDomain = 253

/** As the DNS knows it. */
export function domainOf(name: string): string {
  const domain = asciiDomain(name.replace(/\.$/, ""))
  if (domain === undefined || domain.length > longestDomain || !/^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/.test(domain)) throw new CommandError(`"${name}" is no domain`)
  return domain
}
