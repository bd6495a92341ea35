import { scopeOf } from "../accounts/administrator.ts"
import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { createFactorResets } from "../store/sql/factor-resets.ts"
import { createFactorStore } from "../store/sql/second-factors.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { findAccount } from "./find-account.ts"
import { fitTable } from "./fit-table.ts"

/** `congthu second-factor …`: for who has lost his, the last administrator of the province included. */
export function addSecondFactorCommands({ program, command, run }: CommandKit): void {
  const factors = program.command("second-factor").description("second factors of console sign-ins")
  command(factors, "list <address>")
    .description("what whoever owns the mailbox has added: number, kind, name, added, last used")
    .action((address: string) => run((context) => listFactors(context, address))())
  command(factors, "reset <address>")
    .description("take all of them away, with the recovery codes, and end the person's console sessions; the password is enough then")
    .addHelpText("after", "\nMake sure first that it is the person who asks.\n\nExample:\n  npm run congthu -- second-factor reset an.vp@sonv.tinh.example")
    .action((address: string) => run((context) => resetFactors(context, address))())
}

async function ownerOf({ database }: CommandContext, address: string) {
  const directory = await loadDirectory(database)
  const account = findAccount(directory, address)
  const principalId = directory.assignmentsOfAccount(account.id, systemClock.now()).find(({ rights }) => rights.includes("owner"))?.principalId ?? null
  return { account, owner: { accountId: account.id, principalId } }
}

async function listFactors(context: CommandContext, address: string): Promise<number> {
  const { account, owner } = await ownerOf(context, address)
  const { factors, recoveryCodesLeft } = await createFactorStore(context.database).list(owner)
  if (factors.length === 0) say(`Whoever owns ${account.address} has no second factor.`)
  else print(fitTable(["NUMBER", "KIND", "NAME", "ADDED", "LAST USED"], factors.map(({ id, kind, name, createdAt, lastUsedAt }) => [String(id), kind, printable(name), provinceTime(createdAt).slice(0, 19), lastUsedAt === null ? "-" : provinceTime(lastUsedAt).slice(0, 19)])))
  if (factors.length > 0) say(`${recoveryCodesLeft} recovery codes are left.`)
  return exitCodes.ok
}

async function resetFactors(context: CommandContext, address: string): Promise<number> {
  const { account, owner } = await ownerOf(context, address)
  const scope = scopeOf([{ role: "province", unitCode: null }], "directory:write")
  if (!scope) throw new Error("the province's administrators may not write to the directory")
  const result = await createFactorResets(context.database).reset({ scope, owner, ofAdministrators: true, by: administrator() })
  if (result !== "done") throw new CommandError(`whoever owns ${account.address} has no second factor`)
  say(`Whoever owns ${account.address} signs in with the password alone now, and should add a new second factor at once.`)
  return exitCodes.ok
}
