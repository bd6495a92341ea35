import { open, readFile, stat } from "node:fs/promises"
import { basename } from "node:path"
import { systemClock } from "../base/clock.ts"
import { openLog } from "../base/log.ts"
import { adviceText, problemText } from "../accounts/provision/problems.ts"
import { maxSheetBytes } from "../accounts/provision/bulk/sheet.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { progressOf } from "../provisioning/bulk-progress.ts"
import { bulkResultCsv, bulkResultXlsx } from "../provisioning/bulk-result.ts"
import { createBulkRunner } from "../provisioning/bulk-runner.ts"
import { planUpload } from "../provisioning/bulk-upload.ts"
import { oneTimePasswords } from "../roles/provisioning.ts"
import type { BulkJob, BulkStore } from "../store/bulk-store.ts"
import { createSealer } from "../store/sealing.ts"
import { createBulkStore } from "../store/sql/bulk.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { contentKey } from "./content-key.ts"
import { appPasswordKey } from "./credential-key.ts"
import { type CommandEditor, commandEditor, everything } from "./directory-kit.ts"
import { fitTable } from "./fit-table.ts"

/** `congthu bulk …`: many changes from one file. */
export function addBulkCommands({ program, command, run }: CommandKit): void {
  const bulk = program.command("bulk").description("many people and mailboxes from one CSV or XLSX file")
  command(bulk, "plan <file>")
    .description("read the file, print what would be done and every bad cell; nothing is changed")
    .addHelpText("after", `
Columns, in any order, in Vietnamese or English (with "address" or "id" alone, rows change or suspend):
  Họ và tên / Name, Đơn vị / Unit (code or name), Chức vụ / Title, Điện thoại / Phone, Loại / Kind, Hạn mức / Quota,
  Địa chỉ thư / Address (by the unit's rule when empty), Thao tác / Action (thêm add, sửa change, khóa suspend), Mã / Id,
  Từ ngày / From, Đến ngày / Until`)
    .action((file: string) => run((context) => planBulkFile(context, file))())
  command(bulk, "list").description("list jobs, newest first").action(run(listBulk))
  command(bulk, "status <number>").description("how far it is").action((number: string) => run((context) => bulkStatus(context, number))())
  command(bulk, "apply <number>")
    .description("do the good rows of a plan: by the running system, in the background")
    .option("--here", "by this command, now; also when no system runs")
    .action((number: string, options: { readonly here?: boolean }) => run((context) => applyBulk(context, number, options.here ?? false))())
  command(bulk, "cancel <number>").description("end it; what is done stays").action((number: string) => run((context) => cancelBulk(context, number))())
  command(bulk, "result <number>")
    .description("write what became of each row, and the one-time passwords: those once only, within a day")
    .requiredOption("--out <file>", "a new file, .csv or .xlsx, readable by its owner only")
    .action((number: string, options: { readonly out: string }) => run((context) => bulkResult(context, number, options.out))())
}

const maxShown = 100

export async function planBulkFile(context: CommandContext, file: string): Promise<number> {
  const about = await stat(file).catch(() => undefined)
  if (!about?.isFile()) throw new CommandError(`${file} cannot be read`)
  if (about.size > maxSheetBytes) throw new CommandError(`${file} is larger than 10 MiB`)
  const store = await storeOf(context, commandEditor(context))
  const { personalQuota, organizationalQuota, addressRule } = context.config.directory
  const planned = await planUpload(
    { bytes: await readFile(file), fileName: basename(file), scope: everything(), provinceWide: true, accountId: null, startedBy: administrator() },
    { store, addressRule, quotaBytes: { personal: personalQuota, organizational: organizationalQuota } },
  )
  if (!planned.ok) throw new CommandError(planned.failure.map(({ words, values }) => words.en.replace(/\{(\w+)\}/g, (_, name: string) => printable(String(values?.[name] ?? "")))).join("\n"))
  const job = await jobOf(store, String(planned.value))
  for (const { line, problems } of await store.rows(job.id, { states: ["bad"], limit: maxShown })) for (const problem of problems) say(`row ${line}: ${printable(problemText(problem, "en"))} (${adviceText(problem.problem, "en")})`)
  if (job.bad > maxShown) say(`… and ${job.bad - maxShown} more rows with bad cells`)
  print(`Job ${job.id}: ${job.adds} to add, ${job.changes} to change, ${job.suspensions} to suspend, ${job.bad} rows with bad cells are left out. \`congthu bulk apply ${job.id}\` does it.`)
  return job.bad > 0 ? exitCodes.partly : exitCodes.ok
}

async function listBulk(context: CommandContext): Promise<number> {
  const jobs = await (await storeOf(context, commandEditor(context))).list(everything(), 100)
  if (jobs.length === 0) say("There is no job.")
  else print(fitTable(["JOB", "STATE", "FILE", "BY", "PLANNED", "DONE", "FAILED", "LEFT", "BAD"], jobs.map((job) => [String(job.id), job.state, job.fileName, job.startedBy, provinceTime(job.plannedAt).slice(0, 19), ...[job.done, job.failed, job.pending, job.bad].map(String)].map(printable))))
  return exitCodes.ok
}

async function bulkStatus(context: CommandContext, number: string): Promise<number> {
  const job = await jobOf(await storeOf(context, commandEditor(context)), number)
  const { phase, settled, total, rowsPerSecond, estimatedEnd } = progressOf(job, systemClock.now())
  print(`Job ${job.id}: ${phase}, ${settled} of ${total} rows, ${job.failed} failed, ${job.cancelled} cancelled${rowsPerSecond === null ? "" : `, ${rowsPerSecond.toFixed(1)} rows/s`}${estimatedEnd === null ? "" : `, until ${provinceTime(estimatedEnd).slice(11, 19)}`}.`)
  return exitCodes.ok
}

export async function applyBulk(context: CommandContext, number: string, here: boolean): Promise<number> {
  const editor = commandEditor(context)
  const store = await storeOf(context, editor)
  const { id } = await jobOf(store, number)
  const confirmed = await store.confirm(everything(), id)
  if (!confirmed.ok) throw new CommandError(confirmed.failure.detail)
  if (!here) {
    say(`Confirmed; a running system begins within ${Math.ceil(context.config.delivery.sweep / 1000)} s. \`congthu bulk status ${id}\` shows how far it is.`)
    return exitCodes.ok
  }
  await createBulkRunner({ store, log: openLog({ level: "error", name: "command" }).log }).run([id])
  await editor.announce()
  await bulkStatus(context, number)
  return (await jobOf(store, number)).failed > 0 ? exitCodes.partly : exitCodes.ok
}

async function cancelBulk(context: CommandContext, number: string): Promise<number> {
  const store = await storeOf(context, commandEditor(context))
  const { id } = await jobOf(store, number)
  const cancelled = await store.cancel(everything(), id, administrator())
  if (!cancelled.ok) throw new CommandError(cancelled.failure.detail)
  say(cancelled.value.state === "cancelled" ? `Cancelled; ${cancelled.value.done} rows were done.` : "It ends after the rows under way.")
  return exitCodes.ok
}

export async function bulkResult(context: CommandContext, number: string, out: string): Promise<number> {
  if (!/\.(?:csv|xlsx)$/i.test(out)) throw new CommandError("--out is a file ending in .csv or .xlsx")
  const store = await storeOf(context, commandEditor(context))
  const { id } = await jobOf(store, number)
  // before the passwords are gone from the store
  const handle = await open(out, "wx", 0o600).catch((error: unknown) => {
    throw new CommandError(`${out} cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  })
  try {
    const taken = await store.takeResult(id, { accountId: null, scope: everything(), again: true })
    if (!taken.ok) throw new CommandError(taken.failure.detail)
    await handle.writeFile(out.toLowerCase().endsWith(".csv") ? await bulkResultCsv(taken.value, "vi") : await bulkResultXlsx(taken.value, "vi"))
    await handle.sync()
    say(`${out}: ${taken.value.rows.length} rows${taken.value.job.resultTaken && taken.value.rows.every(({ oneTimePassword }) => oneTimePassword === undefined) ? "; the one-time passwords were handed out before" : ""}.`)
  } finally {
    await handle.close()
  }
  return exitCodes.ok
}

async function storeOf({ config }: CommandContext, { parts }: CommandEditor): Promise<BulkStore> {
  return createBulkStore({ ...parts, sealer: createSealer(await contentKey(config)), oneTimePasswords: oneTimePasswords(await appPasswordKey(config)) })
}

async function jobOf(store: BulkStore, number: string): Promise<BulkJob> {
  if (!/^\d{1,15}$/.test(number)) throw new CommandError(`"${printable(number)}" is not a job's number`)
  const job = await store.find(everything(), Number(number))
  if (!job.ok) throw new CommandError(`there is no job ${number}; \`congthu bulk list\` shows them`)
  return job.value
}
