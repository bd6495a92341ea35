/**
 * What a system asks to be sent: checked whole, made durable in one transaction, left to the campaign workers. Invariants: "accepted" is said after the
 * commit; one idempotency key makes one notification, whoever asks how often at once; who is refused has left nothing behind. Must not know: HTTP, SMTP.
 */
import { setImmediate as yieldToOthers } from "node:timers/promises"
import type { Account, DirectorySource } from "../accounts/directory.ts"
import type { Login } from "../accounts/login.ts"
import { accountSentAs } from "../accounts/send-as.ts"
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import { htmlAsText } from "./html-as-text.ts"
import { failed, ok, type Result } from "../base/result.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"
import type { FreeSpace } from "../store/free-space.ts"
import type { NewNotification, NewRecipient, NotificationStore } from "../store/notification-store.ts"
import { composeMessage, storeMessage } from "./compose.ts"
import { sealData, sealSource, type Sealing } from "./each-source.ts"
import type { Priority } from "./priority.ts"
import { resolveRecipients, type ResolvedRecipient } from "./recipients.ts"
import { maxProblems, type NotificationRequest, type RequestProblem } from "./request.ts"
import type { SendLimits } from "./send-limits.ts"
import type { TemplateSource } from "./templates/source.ts"
import type { Template, Wording } from "./templates/template.ts"

/** The system that asks, by its token. */
export interface SendingSystem {
  readonly tokenId: number
  readonly accountId: number
  readonly principalId: string | null
  readonly webhook: boolean
}

export interface Asked {
  readonly idempotencyKey: string | null
  readonly requestSha256: Uint8Array
}

/** A message that was made elsewhere: the same for all. */
export interface ReadyMessage {
  readonly content: PreparedContent
  readonly recipients: readonly string[]
  readonly priority: Priority
  readonly sendAt?: number | undefined
  readonly expiresAt?: number | undefined
}

export type SendOutcome =
  | { readonly kind: "accepted"; readonly id: number; readonly repeated: boolean; readonly recipients: number; readonly duplicates: number }
  | { readonly kind: "invalid"; readonly problems: readonly RequestProblem[] }
  /** The idempotency key was used for something else. */
  | { readonly kind: "mismatch" }
  /** Too many recipients in this hour. */
  | { readonly kind: "limited"; readonly waitMs: number }
  /** The token's account is suspended, or whom it stands for may not send as it any more. */
  | { readonly kind: "notAllowed" }
  | { readonly kind: "unavailable" }

export interface Notifications {
  send(request: NotificationRequest, system: SendingSystem, asked: Asked): Promise<SendOutcome>
  /** Takes the content over, whatever becomes of it. */
  sendReady(message: ReadyMessage, system: SendingSystem, asked: Asked): Promise<SendOutcome>
}

export interface NotificationsParts {
  readonly store: Pick<NotificationStore, "accept" | "known">
  readonly templates: TemplateSource
  readonly contents: Pick<ContentStore, "begin">
  readonly directory: DirectorySource
  readonly limits: SendLimits
  readonly sealing: Sealing
  readonly hostname: string
  readonly clock: Clock
  readonly freeSpace: Pick<FreeSpace, "isLow">
  readonly maxAttachmentBytes: number
  readonly maxMessageBytes: number
  /** From when it is to be sent until it is of no use any more, where the caller does not say (ms). */
  readonly expiryMs: number
  /** After commit; must not throw. */
  readonly wake: () => void
}

const maxScheduleMs = 366 * 86_400_000
const workAtOnce = 100

export function createNotifications(parts: NotificationsParts): Notifications {
  const { store, directory, limits, clock } = parts

  const sender = ({ accountId, principalId }: SendingSystem): Account | undefined => {
    const snapshot = directory.current()
    const account = snapshot.account(accountId)
    return account && accountSentAs(snapshot, { login: loginOf(account, principalId), address: account.address, now: clock.now() })
  }

  const known = async ({ accountId }: SendingSystem, { idempotencyKey, requestSha256 }: Asked): Promise<SendOutcome | undefined> => {
    const found = idempotencyKey === null ? undefined : await store.known(accountId, idempotencyKey, requestSha256)
    return found && (found.sameRequest ? { kind: "accepted", id: found.id, repeated: true, recipients: found.recipients, duplicates: 0 } : { kind: "mismatch" })
  }

  /** Counted, written, and given back when it had been written before. */
  const accept = async (notification: NewNotification, duplicates: number): Promise<SendOutcome> => {
    const { tokenId, recipients: { length: recipients }, message } = notification
    const waitMs = await limits.take(tokenId, recipients)
    if (waitMs > 0) {
      if (message.kind === "same") await message.content.discard()
      return { kind: "limited", waitMs }
    }
    const accepted = await store.accept(notification)
    if (accepted.kind === "accepted") {
      parts.wake()
      return { kind: "accepted", id: accepted.id, repeated: false, recipients, duplicates }
    }
    await limits.giveBack(tokenId, recipients)
    return accepted.sameRequest ? { kind: "accepted", id: accepted.id, repeated: true, recipients, duplicates } : { kind: "mismatch" }
  }

  const head = (system: SendingSystem, asked: Asked, times: Times, priority: Priority): Omit<NewNotification, "source" | "message" | "template" | "recipients"> => ({
    accountId: system.accountId, principalId: system.principalId, tokenId: system.tokenId, webhook: system.webhook, ...asked, priority: priority.rank, ...times,
  })

  return {
    async send(request, system, asked) {
      const before = await known(system, asked)
      if (before) return before
      if (parts.freeSpace.isLow()) return { kind: "unavailable" }
      const account = sender(system)
      if (!account) return { kind: "notAllowed" }
      const times = timesOf(request, clock.now(), parts.expiryMs)
      if (!times.ok) return { kind: "invalid", problems: times.failure }
      const checked = await check(parts, request, account)
      if (!checked.ok) return { kind: "invalid", problems: checked.failure }
      const { recipients, duplicates, chosen } = checked.value
      const written = head(system, asked, times.value, request.priority)
      const template = chosen && { name: chosen.name, version: chosen.version }
      if (chosen && recipients.length > 1 && recipients.some(({ data }) => data !== undefined)) {
        const source = { language: request.language, data: request.data, replyTo: request.replyTo ?? null }
        return accept({ ...written, source: "api", message: { kind: "each", sealed: sealSource(parts.sealing, source) }, template, recipients: await sealedRecipients(parts.sealing, recipients) }, duplicates)
      }
      const bytes = await compose(parts, { request, account, recipients, date: times.value.sendAt, ...(chosen && { template: chosen.template }) })
      if (bytes.length > parts.maxMessageBytes) return { kind: "invalid", problems: [{ pointer: "", detail: `makes a message of ${bytes.length} bytes, larger than ${parts.maxMessageBytes}` }] }
      const content = await storeMessage(parts.contents, bytes, parts.maxMessageBytes)
      if (!content.ok) return { kind: "unavailable" }
      return accept({ ...written, source: "api", message: { kind: "same", content: content.value }, template, recipients: recipients.map(({ address, asked }) => ({ address, asked, data: null })) }, duplicates)
    },

    async sendReady({ content, recipients: entries, priority, ...asks }, system, asked) {
      const refuse = async (outcome: SendOutcome): Promise<SendOutcome> => {
        await content.discard()
        return outcome
      }
      const before = await known(system, asked)
      if (before) return refuse(before)
      const account = sender(system)
      if (!account) return refuse({ kind: "notAllowed" })
      const times = timesOf(asks, clock.now(), parts.expiryMs)
      if (!times.ok) return refuse({ kind: "invalid", problems: times.failure })
      const resolved = await resolveRecipients(entries, { directory: directory.current(), sender: account })
      if (!resolved.ok) return refuse({ kind: "invalid", problems: resolved.failure })
      const { recipients, duplicates } = resolved.value
      return accept({ ...head(system, asked, times.value, priority), source: "smtp", message: { kind: "same", content }, template: null, recipients: recipients.map(({ address, asked }) => ({ address, asked, data: null })) }, duplicates)
    },
  }
}

/** An app password's rights: its own account, for as long as whom it stands for has a right to it. */
export const loginOf = (account: Account, principalId: string | null): Login => ({ accountId: account.id, address: account.address, principalId, credentialId: null, via: "appPassword" })

interface Times {
  readonly acceptedAt: number
  readonly sendAt: number
  readonly expiresAt: number
}

function timesOf(asks: { readonly sendAt?: number | undefined; readonly expiresAt?: number | undefined }, now: number, expiryMs: number): Result<Times, readonly RequestProblem[]> {
  const sendAt = Math.max(asks.sendAt ?? now, now)
  const expiresAt = asks.expiresAt ?? sendAt + expiryMs
  const problems: RequestProblem[] = []
  if (sendAt > now + maxScheduleMs) problems.push({ pointer: "sendAt", detail: "is more than a year away" })
  if (expiresAt <= sendAt) problems.push({ pointer: "expiresAt", detail: asks.sendAt === undefined || asks.sendAt <= now ? "has passed" : "is not after sendAt" })
  if (expiresAt > now + 2 * maxScheduleMs) problems.push({ pointer: "expiresAt", detail: "is more than two years away" })
  return problems.length > 0 ? failed(problems) : ok({ acceptedAt: now, sendAt, expiresAt })
}

interface ChosenTemplate {
  readonly name: string
  readonly version: number
  readonly template: Template
}

interface Checked {
  readonly recipients: readonly ResolvedRecipient[]
  readonly duplicates: number
  readonly chosen: ChosenTemplate | null
}

/** Everything that can be wrong is looked for, so that it can be mended in one go. */
async function check(parts: NotificationsParts, request: NotificationRequest, sender: Account): Promise<Result<Checked, readonly RequestProblem[]>> {
  const problems: RequestProblem[] = []
  const resolved = await resolveRecipients(request.to, { directory: parts.directory.current(), sender })
  if (!resolved.ok) problems.push(...resolved.failure)
  const recipients = resolved.ok ? resolved.value.recipients : []
  const chosen = await chooseTemplate(parts.templates, request)
  if (!chosen.ok) problems.push(...chosen.failure)
  if (resolved.ok && chosen.ok) problems.push(...(await dataProblems(recipients, request, chosen.value)))
  if (request.attachments.length > 0 && recipients.length > 1 && recipients.some(({ data }) => data !== undefined))
    problems.push({ pointer: "attachments", detail: "go with a message that is the same for all: these recipients have data of their own" })
  const bytes = request.attachments.reduce((sum, { content }) => sum + content.length, 0)
  if (bytes > parts.maxAttachmentBytes) problems.push({ pointer: "attachments", detail: `have ${bytes} bytes together; ${parts.maxAttachmentBytes} are allowed` })
  if (problems.length > 0 || !resolved.ok || !chosen.ok) return failed(problems.slice(0, maxProblems))
  return ok({ ...resolved.value, chosen: chosen.value })
}

async function chooseTemplate(templates: TemplateSource, { template: name, version }: NotificationRequest): Promise<Result<ChosenTemplate | null, readonly RequestProblem[]>> {
  if (name === undefined) return ok(null)
  const found = await templates.find(name, version)
  if (!found) return failed([{ pointer: version === undefined ? "template" : "version", detail: version === undefined ? "does not exist" : `of the template ${name} does not exist` }])
  // what is in the store was checked; a newer program may be stricter
  return found.template ? ok({ name, version: found.version, template: found.template }) : failed([{ pointer: "template", detail: "cannot be used any more: an administrator must put a new version" }])
}

async function dataProblems(recipients: readonly ResolvedRecipient[], { data }: NotificationRequest, chosen: ChosenTemplate | null): Promise<readonly RequestProblem[]> {
  const problems: RequestProblem[] = []
  if (!recipients.some((one) => one.data !== undefined)) {
    const checked = chosen?.template.check(data)
    return checked?.ok === false ? checked.failure.map(({ pointer, detail }) => ({ pointer: `data.${pointer}`, detail })) : []
  }
  let entry = -1
  for (const [index, recipient] of recipients.entries()) {
    if (index % workAtOnce === workAtOnce - 1) await yieldToOthers()
    // members of a group have the same data
    if (recipient.entry === entry) continue
    entry = recipient.entry
    if (!chosen) problems.push({ pointer: `to.${entry}.data`, detail: "goes with a template only" })
    else {
      const checked = chosen.template.check({ ...data, ...recipient.data })
      if (!checked.ok) problems.push(...checked.failure.map(({ pointer, detail }) => ({ pointer: `to.${entry}.data.${pointer}`, detail })))
    }
    if (problems.length >= maxProblems) break
  }
  return problems
}

async function sealedRecipients(sealing: Sealing, recipients: readonly ResolvedRecipient[]): Promise<readonly NewRecipient[]> {
  const sealed: NewRecipient[] = []
  for (const [index, { address, asked, data }] of recipients.entries()) {
    if (index % workAtOnce === workAtOnce - 1) await yieldToOthers()
    sealed.push({ address, asked, data: data === undefined ? null : sealData(sealing, data) })
  }
  return sealed
}

interface ToCompose {
  readonly request: NotificationRequest
  readonly account: Account
  readonly recipients: readonly ResolvedRecipient[]
  readonly date: number
  readonly template?: Template
}

function compose({ hostname }: NotificationsParts, { request, account, recipients, date, template }: ToCompose): Promise<Buffer> {
  const [only, ...others] = recipients
  const single = only && others.length === 0 ? only : undefined
  return composeMessage({
    from: { name: account.displayName, address: account.address }, to: single?.address ?? null, replyTo: request.replyTo ?? null,
    wording: wordingOf(request, template, single?.data), language: request.language, priority: request.priority, date, messageId: `notification.${randomId()}@${hostname}`, attachments: request.attachments,
  })
}

function wordingOf({ subject = "", text, html, data, language }: NotificationRequest, template: Template | undefined, own: Readonly<Record<string, unknown>> | undefined): Wording {
  const checked = template?.check({ ...data, ...own })
  if (template && checked?.ok) return template.fill(checked.value, language)
  return { subject, text: text ?? htmlAsText(html ?? ""), html: html ?? null }
}
