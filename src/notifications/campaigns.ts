/**
 * Sends what was asked for, part by part: who gets the same message gets it in large batches of one content, who has one of their own in small batches.
 * Invariants: a part's acceptance and the marks of its recipients are one transaction, so that whoever runs this, and however often it dies, nobody is
 * written to twice; after each part the most urgent of what is due comes next; few parts are under way at once, whatever is asked for, so that
 * mail of people never waits behind notifications. Must not know: SQL, HTTP, how mail is delivered.
 */
import type { Account, Directory, DirectorySource } from "../accounts/directory.ts"
import { accountSentAs } from "../accounts/send-as.ts"
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { AcceptReply, Intake } from "../intake/intake.ts"
import { needsSmtpUtf8 } from "../mail/address.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"
import type { CampaignStore, DueNotification, FailedRecipient, ReleasedNotification, WaitingRecipient } from "../store/notification-store.ts"
import type { SuppressionStore } from "../store/suppression-store.ts"
import { composeMessage, storeMessage } from "./compose.ts"
import { openData, openSource, type EachSource, type Sealing } from "./each-source.ts"
import { priorityOf } from "./priority.ts"
import { loginOf } from "./send.ts"
import type { TemplateSource } from "./templates/source.ts"
import type { Template } from "./templates/template.ts"

export interface Campaigns {
  /** Works until nothing is due; joins what is under way, and looks again when it was called meanwhile. */
  run(): Promise<void>
  close(): Promise<void>
}

export interface CampaignsParts {
  readonly store: CampaignStore
  readonly intake: Pick<Intake, "accept">
  readonly contents: Pick<ContentStore, "begin" | "read">
  readonly templates: TemplateSource
  readonly suppressions: Pick<SuppressionStore, "inForce">
  readonly directory: DirectorySource
  readonly sealing: Sealing
  readonly hostname: string
  readonly clock: Clock
  readonly maxMessageBytes: number
  /** Large parts under way at once in this process. */
  readonly concurrency: number
  /** Deliveries to other servers that may wait for their first try. */
  readonly remoteAtOnce: number
  /** After the last recipients of some were handed to delivery: who follows them may hear that it is over. Must not throw. */
  readonly ended: () => void
  readonly log: CampaignLog
}

export interface CampaignLog {
  sent(event: { readonly notificationId: number; readonly envelopeId: number; readonly recipients: number }): void
  refused(event: { readonly notificationId: number; readonly recipients: number; readonly status: string }): void
  failed(event: { readonly notificationId: number; readonly error: unknown }): void
}

/** Recipients of one acceptance: its arrays are made in one go. */
const sameAtOnce = 2_000
/** Messages made before the most urgent comes next; more, as long as nobody asks for anything; and of them under way at once. */
const eachAtOnce = 200
const eachAtMost = 1_000
const eachUnderWay = 48
/** Small ones are sent together, so that they share statements. */
const smallAtOnce = 48
/** A part takes a second or two; a worker that died is waited for so long. One that is only slow is overtaken, and finds its recipients gone. */
const leaseMs = 5_000
/** When the way out is full. */
const fullMs = 1_000
const firstRetryMs = 5_000
const lastRetryMs = 600_000

export function createCampaigns(parts: CampaignsParts): Campaigns {
  const { store, clock, log } = parts
  const stopping = new AbortController()
  let underWay: Promise<void> | undefined
  let again = false

  /** What is to be released; undefined: nothing. */
  const part = async (due: DueNotification, waiting: readonly WaitingRecipient[]): Promise<ReleasedNotification | undefined> => {
    try {
      const now = clock.now()
      if (due.expiresAt <= now) {
        await store.expire(due.id, now)
        return undefined
      }
      const outcome = await sendPart(parts, due, { waiting, mayGoOn: () => !again && !stopping.signal.aborted })
      const wait = Math.min(firstRetryMs * 2 ** Math.min(due.tries, 10), lastRetryMs)
      // at its end it is looked at once more, so that who waits is told that it is over
      if (outcome === "again") return { id: due.id, nextAt: Math.min(clock.now() + wait, due.expiresAt), tried: true }
      return { id: due.id, nextAt: outcome === "full" ? clock.now() + fullMs : due.sendAt, tried: false }
    } catch (error) {
      // the lease runs out, and somebody tries again
      log.failed({ notificationId: due.id, error })
      return undefined
    }
  }

  const work = async (): Promise<void> => {
    for (again = true; again && !stopping.signal.aborted; ) {
      again = false
      // no more than can begin now: what comes meanwhile may be more urgent
      const claimed = await store.claim({ limit: smallAtOnce, recipients: eachAtOnce * Math.max(parts.concurrency, 1), each: eachAtOnce, leaseMs, now: clock.now() })
      const asked = claimed.map(({ id, content }) => ({ id, limit: content ? sameAtOnce : eachAtMost }))
      const waiting = await store.waitingRecipients(asked)
      await store.release((await Promise.all(claimed.map((due) => part(due, waiting.get(due.id) ?? [])))).filter((one) => one !== undefined))
      if (asked.some(({ id, limit }) => (waiting.get(id)?.length ?? 0) < limit)) parts.ended()
      if (claimed.length > 0) again = true
    }
  }

  return {
    run() {
      again = true
      underWay ??= work().finally(() => (underWay = undefined))
      return underWay
    },
    async close() {
      stopping.abort()
      await underWay?.catch(() => undefined)
    },
  }
}

/** `again`: not now, try later; `full`: others are on their way to other servers; `done`: this part is settled one way or the other. */
type PartOutcome = "done" | "again" | "full"

interface Turn {
  readonly waiting: readonly WaitingRecipient[]
  /** False when others may want their turn. */
  readonly mayGoOn: () => boolean
}

async function sendPart(parts: CampaignsParts, due: DueNotification, { waiting, mayGoOn }: Turn): Promise<PartOutcome> {
  if (waiting.length === 0) return "done"
  const maySend = (directory: Directory): Account | undefined => {
    const account = directory.account(due.accountId)
    return account && accountSentAs(directory, { login: loginOf(account, due.principalId), address: account.address, now: parts.clock.now() })
  }
  // who took the notification may know of a newer directory than this process: nobody fails for what is only not heard yet
  const known = parts.directory.current()
  const directory = maySend(known) && !waiting.some(({ address }) => goneReason(known, address)) ? known : await parts.directory.refresh()
  const account = maySend(directory)
  if (!account)
    return failAll(parts, due, waiting, { status: enhancedStatus.refusedByPolicy, reason: "its sender may not send any more" })
  const chosen = await thoseWithRoom(parts, waiting, directory)
  if (chosen.length === 0) return "full"
  const reachable = await withoutUnreachable(parts, due, { waiting: chosen, directory })
  if (due.content) return sendSame(parts, { due, account, content: due.content, waiting: reachable })
  return sendEach(parts, { due, account, waiting: reachable, mayGoOn })
}

/** All who are here, and of the others as many as there is room for on the way out: who writes a letter waits behind no more than that. */
async function thoseWithRoom({ store, remoteAtOnce }: CampaignsParts, waiting: readonly WaitingRecipient[], directory: Directory): Promise<readonly WaitingRecipient[]> {
  const isForeign = ({ address }: WaitingRecipient): boolean => directory.resolve(address).kind === "foreign"
  if (!waiting.some(isForeign)) return waiting
  let room = remoteAtOnce - (await store.remoteUnderWay(remoteAtOnce))
  return waiting.filter((recipient) => !isForeign(recipient) || room-- > 0)
}

/** Who is gone, suspended or known not to exist must not stop the others. */
async function withoutUnreachable({ store, suppressions, clock }: CampaignsParts, due: DueNotification, { waiting, directory }: { readonly waiting: readonly WaitingRecipient[]; readonly directory: Directory }): Promise<readonly WaitingRecipient[]> {
  const failed: FailedRecipient[] = []
  const left: WaitingRecipient[] = []
  for (const recipient of waiting) {
    const { n, address } = recipient
    const gone = goneReason(directory, address)
    if (gone) failed.push({ n, ...gone })
    else if (directory.resolve(address).kind === "foreign" && (await suppressions.inForce(address))) failed.push({ n, status: enhancedStatus.unknownUser, reason: "its server has returned earlier mail: the address does not exist" })
    else left.push(recipient)
  }
  if (failed.length > 0) await store.failed(due.id, failed, clock.now())
  return left
}

function goneReason(directory: Directory, address: string): Omit<FailedRecipient, "n"> | undefined {
  const target = directory.resolve(address)
  if (target.kind === "unknown" || target.kind === "group") return { status: enhancedStatus.unknownUser, reason: "the address does not exist any more" }
  return target.kind === "account" && target.account.suspended ? { status: enhancedStatus.mailboxDisabled, reason: "the account is suspended" } : undefined
}

interface SamePart {
  readonly due: DueNotification
  readonly account: Account
  readonly content: Uint8Array
  readonly waiting: readonly WaitingRecipient[]
}

async function sendSame(parts: CampaignsParts, { due, account, content, waiting }: SamePart): Promise<PartOutcome> {
  // RFC 6531 §3.4: one address that needs SMTPUTF8 would demand it of all servers
  const groups = [waiting.filter(({ address }) => !needsSmtpUtf8(address)), waiting.filter(({ address }) => needsSmtpUtf8(address))].filter((group) => group.length > 0)
  let outcome: PartOutcome = "done"
  for (const group of groups) {
    const prepared = await preparedAgain(parts, content)
    if (!prepared) return "again"
    if ((await offer(parts, { due, account, content: prepared, recipients: group })) === "again") outcome = "again"
  }
  return outcome
}

async function sendEach(parts: CampaignsParts, { due, account, waiting, mayGoOn }: Omit<SamePart, "content"> & Turn): Promise<PartOutcome> {
  const template = await templateOf(parts, due)
  if (!template || !due.sealed) return failAll(parts, due, waiting, { status: enhancedStatus.badContent, reason: "its template cannot be used any more" })
  const source = openSource(parts.sealing, due.sealed)
  let outcome: PartOutcome = "done"
  let begun = 0
  await atOnce(waiting, eachUnderWay, async (recipient) => {
    if (begun++ >= eachAtOnce && !mayGoOn()) return
    if ((await sendOne(parts, { due, account, template, source, recipient })) === "again") outcome = "again"
  })
  return outcome
}

interface OneMessage {
  readonly due: DueNotification
  readonly account: Account
  readonly template: Template
  readonly source: EachSource
  readonly recipient: WaitingRecipient
}

async function sendOne(parts: CampaignsParts, { due, account, template, source, recipient }: OneMessage): Promise<PartOutcome> {
  const checked = template.check({ ...source.data, ...(recipient.data && openData(parts.sealing, recipient.data)) })
  if (!checked.ok) return failAll(parts, due, [recipient], { status: enhancedStatus.badContent, reason: "its data does not fit the template any more" })
  const bytes = await composeMessage({
    from: { name: account.displayName, address: account.address }, to: recipient.address, replyTo: source.replyTo, wording: template.fill(checked.value, source.language), language: source.language,
    priority: priorityOf(due.priority), date: parts.clock.now(), messageId: `notification.${due.id}.${recipient.n}@${parts.hostname}`, attachments: [],
  })
  const stored = await storeMessage(parts.contents, bytes, parts.maxMessageBytes)
  if (stored.ok) return offer(parts, { due, account, content: stored.value, recipients: [recipient] })
  return stored.failure.kind === "tooBig" ? failAll(parts, due, [recipient], { status: enhancedStatus.messageTooBig, reason: "its message is too large" }) : "again"
}

interface Offer {
  readonly due: DueNotification
  readonly account: Account
  readonly content: PreparedContent
  readonly recipients: readonly WaitingRecipient[]
}

async function offer(parts: CampaignsParts, { due, account, content, recipients }: Offer): Promise<PartOutcome> {
  const login = loginOf(account, due.principalId)
  const reply: AcceptReply = await parts.intake.accept({
    source: "notification",
    envelope: {
      // what becomes of it is told by its status: ten thousand DSNs would only bury the sender's mailbox
      reversePath: account.address, recipients: recipients.map(({ address }) => ({ forwardPath: address, notify: ["never"] })), requireTls: false,
      smtpUtf8: recipients.some(({ address }) => needsSmtpUtf8(address)),
    },
    content,
    session: { sessionId: randomId(), clientAddress: "", helo: parts.hostname, tls: null, accountId: account.id, principalId: due.principalId },
    submitter: { login, headerFrom: [account.address], headerSender: [] },
    notified: { notificationId: due.id, recipients: recipients.map(({ n }) => n) },
    expiresAt: due.expiresAt,
  })
  if (reply.kind === "accepted") {
    parts.log.sent({ notificationId: due.id, envelopeId: reply.committed.envelopeId, recipients: recipients.length })
    return "done"
  }
  if (reply.code < 500) return "again"
  parts.log.refused({ notificationId: due.id, recipients: recipients.length, status: reply.status })
  return failAll(parts, due, recipients, { status: reply.status, reason: reply.text })
}

async function failAll({ store, clock }: CampaignsParts, { id }: DueNotification, recipients: readonly WaitingRecipient[], why: Omit<FailedRecipient, "n">): Promise<PartOutcome> {
  await store.failed(id, recipients.map(({ n }) => ({ n, ...why })), clock.now())
  return "done"
}

/** A stored content as intake takes it, read once more: its notification keeps it until the last of its recipients is sent to. */
async function preparedAgain({ contents, maxMessageBytes }: CampaignsParts, content: Uint8Array): Promise<PreparedContent | undefined> {
  const writer = contents.begin(maxMessageBytes, content)
  try {
    for await (const chunk of contents.read(content)) if (!(await writer.write(chunk)).ok) return undefined
  } catch (error) {
    await writer.abort()
    throw error
  }
  const finished = await writer.finish()
  return finished.ok ? finished.value : undefined
}

async function templateOf({ templates }: CampaignsParts, { template, templateVersion }: DueNotification): Promise<Template | undefined> {
  return template === null ? undefined : (await templates.find(template, templateVersion ?? undefined))?.template
}

/** Works on all of them, so many at once. */
async function atOnce<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, async () => {
    for (const item of left) await work(item)
  }))
}
