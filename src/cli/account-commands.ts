import type { NewAccount } from "../accounts/provision/changes.ts"
import { stepText } from "../accounts/provision/guided/steps.ts"
import { readFields } from "../accounts/provision/read-fields.ts"
import { problemText } from "../accounts/provision/problems.ts"
import { canonicalAddress } from "../mail/address.ts"
import { printable } from "../mail/printable.ts"
import { keepingRules, oneTimePasswords } from "../roles/provisioning.ts"
import type { DirectoryActions, GuidedAction } from "../store/directory-actions.ts"
import { createDirectoryActions } from "../store/sql/directory-actions.ts"
import { createDirectoryEditor } from "../store/sql/directory-editor.ts"
import { createDirectoryView } from "../store/sql/directory-view.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { appPasswordKey } from "./credential-key.ts"
import { type CommandEditor, commandEditor, everything, orRefuse } from "./directory-kit.ts"

/** `congthu account …`: single mailboxes, and people who move, leave and hand over. */
export interface CreateOptions {
  readonly name: string
  readonly unit: string
  readonly kind: string
  readonly address?: string
  readonly owner?: string
  readonly title?: string
  readonly phone?: string
  readonly quota?: string
}

export function addAccountCommands({ program, command, run }: CommandKit): void {
  const account = program.command("account").description("single mailboxes and their holders")
  command(account, "create")
    .description("make a mailbox, its owner where there is none yet, and a one-time password, printed once")
    .requiredOption("--name <text>", "of the person or office")
    .requiredOption("--unit <code>", "where it belongs")
    .option("--kind <kind>", "personal or organizational", "personal")
    .option("--address <address>", "by the unit's rule when absent")
    .option("--owner <id>", "a person who is there already")
    .option("--title <text>", "of a new person")
    .option("--phone <number>", "of a new person")
    .option("--quota <size>", "such as 2GiB; the configuration's when absent")
    .addHelpText("after", '\nExample:\n  npm run congthu -- account create --name "Nguyễn Văn Đạt" --unit SNV.VP --title "Chuyên viên"')
    .action((options: CreateOptions) => run((context) => createAccount(context, options))())
  for (const [verb, kind] of [["suspend", "suspendAccount"], ["reactivate", "reactivateAccount"]] as const)
    command(account, `${verb} <address>`).description(`${verb} it; counts from the next message and sign-in on`).action((address: string) => run((context) => setState(context, address, kind))())
  command(account, "quota <address> <size>").description("set its quota, such as 5GiB").action((address: string, size: string) => run((context) => setQuota(context, address, size))())
  command(account, "reset-password <address>").description("a one-time password in the place of its password, printed once; its owner's app passwords and sessions end").option("--keep-app-passwords", "the holder only forgot the password").action((address: string, { keepAppPasswords = false }: { keepAppPasswords?: boolean }) => run((context) => resetPassword(context, address, keepAppPasswords))())
  const guided = (usage: string, description: string) => command(account, usage).description(`${description}; without --yes only what would be done is printed`).option("--yes", "do it")
  guided("move <person> <unit>", "move a person, the mailbox and its address to another unit")
    .option("--title <text>", "the new title")
    .option("--keep-address", "no new address")
    .action((principalId: string, unitCode: string, options: { readonly yes?: boolean; readonly title?: string; readonly keepAddress?: boolean }) =>
      run((context) => guide(context, { kind: "move", principalId, unitCode, title: options.title ?? null, keepAddress: options.keepAddress ?? false }, options.yes ?? false))())
  guided("leave <person>", "suspend somebody who leaves; the mailbox is archived some months later")
    .action((principalId: string, options: { readonly yes?: boolean }) => run((context) => guide(context, { kind: "leave", principalId }, options.yes ?? false))())
  guided("hand-over <address> <person>", "give a mailbox with its mail to another holder")
    .action((address: string, to: string, options: { readonly yes?: boolean }) => run((context) => guide(context, { kind: "handOver", address: canonicalAddress(address), to }, options.yes ?? false))())
  command(account, "undo <number>").description("take a move or a leaving back, by the number that it gave").action((number: string) => run((context) => undo(context, number))())
}

export async function createAccount(context: CommandContext, options: CreateOptions): Promise<number> {
  const fields = readFields((field) => ({ name: options.name, title: options.title, phone: options.phone, address: options.address, quota: options.quota })[field])
  const { personalQuota, organizationalQuota } = context.config.directory
  const kind = options.kind === "organizational" ? "organizational" : options.kind === "personal" ? "personal" : undefined
  if (kind === undefined) throw new CommandError(`"${options.kind}" is not one of: personal, organizational`)
  const name = fields.text("name")
  const account: Omit<NewAccount, "ownerId"> = { kind, displayName: name, unitCode: options.unit, quotaBytes: fields.bytes("quota", kind === "personal" ? personalQuota : organizationalQuota), address: fields.address("address") || null }
  if (fields.problems.length > 0) throw new CommandError(fields.problems.map((problem) => problemText(problem, "en")).join("\n"))
  return editing(context, async (editor) => {
    const edit = createDirectoryEditor(editor.parts)
    const scope = everything()
    const person = { principalId: "", kind: kind === "personal" ? "individual" : "organization", name, unitCode: options.unit, title: fields.text("title"), phone: fields.text("phone") } as const
    const ownerId = options.owner ?? orRefuse(await edit.change({ kind: "addPerson", person }, { scope })).key
    const { key } = orRefuse(await edit.change({ kind: "addAccount", account: { ...account, ownerId } }, { scope }))
    const { oneTimePassword } = orRefuse(await (await actionsOf(context, editor)).resetPassword(key, { keepAppPasswords: false }, { scope }))
    say(`${key} belongs to ${printable(ownerId)}. One-time password, for the console only, shown this once:`)
    print(oneTimePassword)
    return exitCodes.ok
  })
}

const setState = (context: CommandContext, text: string, kind: "suspendAccount" | "reactivateAccount"): Promise<number> =>
  editing(context, async (editor) => {
    const { record, seen } = await accountOf(context, text)
    orRefuse(await createDirectoryEditor(editor.parts).change({ kind, address: record.address, seen }, { scope: everything() }))
    say(`${record.address} is ${kind === "suspendAccount" ? "suspended" : "open again"}.`)
    return exitCodes.ok
  })

const setQuota = (context: CommandContext, text: string, size: string): Promise<number> =>
  editing(context, async (editor) => {
    const fields = readFields(() => size)
    const quotaBytes = fields.bytes("quotaBytes", 0)
    const [problem] = fields.problems
    if (problem) throw new CommandError(problemText(problem, "en"))
    const { record, seen } = await accountOf(context, text)
    orRefuse(await createDirectoryEditor(editor.parts).change({ kind: "changeAccount", seen, account: { ...record, quotaBytes } }, { scope: everything() }))
    say(`${record.address} has a quota of ${quotaBytes} bytes.`)
    return exitCodes.ok
  })

const resetPassword = (context: CommandContext, text: string, keepAppPasswords: boolean): Promise<number> =>
  editing(context, async (editor) => {
    const { record } = await accountOf(context, text)
    const { oneTimePassword } = orRefuse(await (await actionsOf(context, editor)).resetPassword(record.address, { keepAppPasswords }, { scope: everything() }))
    say(`One-time password of ${record.address}, for the console only, shown this once:`)
    print(oneTimePassword)
    return exitCodes.ok
  })

const guide = (context: CommandContext, action: GuidedAction, yes: boolean): Promise<number> =>
  editing(context, async (editor) => {
    const actions = await actionsOf(context, editor)
    const scope = everything()
    const plan = orRefuse(await actions.plan(action, { scope }))
    for (const step of plan.steps) print(`- ${printable(stepText(step, "en"))}`)
    if (!yes) say("Nothing was done; --yes does it.")
    else {
      const { id, oneTimePassword } = orRefuse(await actions.apply(action, plan.seen, { scope }))
      say(`Done${plan.undoable ? `; \`congthu account undo ${id}\` takes it back` : ""}.`)
      if (oneTimePassword !== null) {
        say("One-time password of the new holder, for the console only, shown this once:")
        print(oneTimePassword)
      }
    }
    return exitCodes.ok
  })

const undo = (context: CommandContext, number: string): Promise<number> =>
  editing(context, async (editor) => {
    if (!/^\d{1,15}$/.test(number)) throw new CommandError(`"${printable(number)}" is not a number`)
    orRefuse(await (await actionsOf(context, editor)).undo(Number(number), { scope: everything() }))
    say("Taken back.")
    return exitCodes.ok
  })

async function editing(context: CommandContext, work: (editor: CommandEditor) => Promise<number>): Promise<number> {
  const editor = commandEditor(context)
  try {
    return await work(editor)
  } finally {
    await editor.announce()
  }
}

const actionsOf = async ({ config }: CommandContext, { parts }: CommandEditor): Promise<DirectoryActions> =>
  createDirectoryActions({ ...parts, keeping: keepingRules(config), oneTimePasswords: oneTimePasswords(await appPasswordKey(config)) })

async function accountOf({ database }: CommandContext, text: string) {
  const found = await createDirectoryView(database).account(everything(), canonicalAddress(text))
  if (!found.ok) throw new CommandError(`there is no account ${printable(text)}`)
  return found.value
}
