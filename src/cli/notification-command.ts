import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { priorityOf } from "../notifications/priority.ts"
import { shownNotification, shownRecipient } from "../notifications/status.ts"
import type { NotificationRecord } from "../store/notification-store.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { createNotificationStore } from "../store/sql/notifications.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { announce, CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { findAccount } from "./find-account.ts"
import { fitTable } from "./fit-table.ts"
import { numberOf } from "./queue-filter.ts"

/** `congthu notification …`: what systems have asked to be sent. */
interface ListOptions {
  readonly account?: string
  readonly limit: string
  readonly before?: string
}

export function addNotificationCommands({ program, command, run }: CommandKit): void {
  const notification = program.command("notification").description("notifications that automated systems send (docs/notifications.md)")
  command(notification, "list")
    .description("list them, newest first: number, accepted, from, priority, state, recipients, template")
    .option("--account <address>", "of this sending account only")
    .option("--limit <number>", "the most that are listed", "50")
    .option("--before <number>", "go on below this one")
    .action((options: ListOptions) => run((context) => listNotifications(context, options))())
  command(notification, "show <number>")
    .description("show one, how many recipients are how far, and those that failed")
    .option("--all", "every recipient, not only those that failed")
    .action((number: string, options: { all?: boolean }) => run((context) => showNotification(context, number, options))())
  command(notification, "cancel <number>")
    .description("stop one: recipients that were not handed to delivery yet will not be")
    .action((number: string) => run((context) => cancelNotification(context, number))())
}

async function listNotifications({ database }: CommandContext, { account, limit, before }: ListOptions): Promise<number> {
  const accountId = account === undefined ? undefined : findAccount(await loadDirectory(database), account).id
  const records = await createNotificationStore({ database }).list({ limit: numberOf(limit, "limit"), ...(accountId !== undefined && { accountId }), ...(before !== undefined && { before: numberOf(before, "notification") }) })
  if (records.length === 0) say("There is no notification.")
  else print(fitTable(["NUMBER", "ACCEPTED", "FROM", "PRIORITY", "STATE", "RECIPIENTS", "TEMPLATE"], records.map((record) =>
    [String(record.id), provinceTime(record.acceptedAt).slice(0, 19), record.account, priorityOf(record.priority).name, record.state, String(record.recipientCount), record.template === null ? "-" : `${record.template} ${record.templateVersion}`].map(printable))))
  return exitCodes.ok
}

const pageSize = 1_000

async function showNotification({ database }: CommandContext, number: string, { all = false }: { readonly all?: boolean }): Promise<number> {
  const store = createNotificationStore({ database })
  const record = await recordOf(store, number)
  const shown = shownNotification(record, await store.counts(record.id), systemClock.now())
  const line = (name: string, value: string): void => print(`${name.padEnd(12)}${printable(value)}`)
  line("number", String(record.id))
  line("from", `${record.account} (token ${record.tokenId}, by ${record.source})`)
  line("state", shown.state)
  line("priority", `${shown.priority.name} (${shown.priority.vi})`)
  line("accepted", provinceTime(record.acceptedAt).slice(0, 19))
  line("send at", provinceTime(record.sendAt).slice(0, 19))
  line("expires", provinceTime(record.expiresAt).slice(0, 19))
  if (record.template !== null) line("template", `${record.template} ${record.templateVersion}`)
  if (record.idempotencyKey !== null) line("key", record.idempotencyKey)
  if (record.webhookProblem !== "") line("webhook", record.webhookProblem)
  line("recipients", `${record.recipientCount}: ${Object.entries(shown.recipients).filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`).join(", ")}`)
  for (let after = 0, more = true; more; ) {
    const rows = await store.recipients(record.id, { after, limit: pageSize, seen: false })
    for (const row of rows.filter(({ state }) => all || state === "failed" || state === "expired")) {
      const { state, status = "", reason = "" } = shownRecipient(row)
      print(printable(`  ${row.address}  ${state}${status === "" ? "" : ` ${status}`}${reason === "" ? "" : `  ${reason}`}`))
    }
    after = rows.at(-1)?.n ?? after
    more = rows.length === pageSize
  }
  return exitCodes.ok
}

async function cancelNotification(context: CommandContext, number: string): Promise<number> {
  const store = createNotificationStore(context)
  const record = await recordOf(store, number)
  const cancelled = await store.cancel(record.id, { now: systemClock.now(), by: administrator() })
  if (!cancelled) throw new CommandError(`notification ${record.id} is ${record.state} already`)
  await announce(context, { kind: "notifications" })
  say(`Cancelled notification ${record.id}: ${cancelled.cancelled} of ${record.recipientCount} recipients get nothing.`)
  return exitCodes.ok
}

async function recordOf(store: Pick<ReturnType<typeof createNotificationStore>, "byId">, number: string): Promise<NotificationRecord> {
  const record = await store.byId(numberOf(number, "notification"))
  if (!record) throw new CommandError(`there is no notification ${number}; \`congthu notification list\` shows them`)
  return record
}
