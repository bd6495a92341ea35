import { type AdministratorRole, administratorRoles } from "../accounts/administrator.ts"
import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { createAdministratorStore } from "../store/sql/administrators.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { findAccount } from "./find-account.ts"
import { fitTable } from "./fit-table.ts"

/** `congthu administrator …`: who administers what in the console. */
export interface AddOptions {
  readonly role: string
  readonly unit?: string
}

export function addAdministratorCommands({ program, command, run }: CommandKit): void {
  const administrators = program.command("administrator").description("who administers what in the console (https://…/console)")
  command(administrators, "add <address>")
    .description("give whoever owns the mailbox a role")
    .requiredOption("--role <role>", `${administratorRoles.join(", ")}: everything; one unit and those below it; reading everything; queue, trace and quarantine`)
    .option("--unit <code>", "the unit, for the role unit")
    .addHelpText("after", "\nExamples:\n  npm run congthu -- administrator add an.vp@sonv.tinh.example --role province\n  npm run congthu -- administrator add binh.vp@sonv.tinh.example --role unit --unit so-nv")
    .action((address: string, options: AddOptions) => run((context) => addAdministrator(context, address, options))())
  command(administrators, "list")
    .description("list them: address, role, unit, name, since, by whom")
    .action(run(listAdministrators))
  command(administrators, "remove <address>")
    .description("take a mailbox's roles away; counts from its next page on")
    .option("--role <role>", "only this one")
    .action((address: string, options: { readonly role?: string }) => run((context) => removeAdministrator(context, address, options.role))())
}

export async function addAdministrator({ database }: CommandContext, address: string, { role: roleText, unit }: AddOptions): Promise<number> {
  const role = roleOf(roleText)
  if ((role === "unit") !== (unit !== undefined)) throw new CommandError(role === "unit" ? "the role unit needs --unit" : `--unit is for the role unit, not for ${role}`)
  const directory = await loadDirectory(database)
  const account = findAccount(directory, address)
  if (account.suspended) throw new CommandError(`${account.address} is suspended`)
  if (unit !== undefined && directory.organization.unitPath(unit).length === 0) throw new CommandError(`there is no unit ${unit}`)
  const principalId = directory.assignmentsOfAccount(account.id, systemClock.now()).find(({ rights }) => rights.includes("owner"))?.principalId ?? null
  const added = await createAdministratorStore(database).add({ accountId: account.id, principalId, role, unitCode: unit ?? null, by: administrator() })
  say(added ? `${account.address} is an administrator now: ${role}${unit === undefined ? "" : ` ${unit}`}.` : `${account.address} has this role already.`)
  return exitCodes.ok
}

export async function listAdministrators({ database }: CommandContext): Promise<number> {
  const found = await createAdministratorStore(database).list()
  if (found.length === 0) say("There is no administrator. `congthu administrator add ADDRESS --role province` makes one.")
  else print(fitTable(["ADDRESS", "ROLE", "UNIT", "NAME", "SINCE", "BY"], found.map(({ address, role, unitCode, name, grantedAt, grantedBy }) => [address, role, unitCode ?? "-", name, provinceTime(grantedAt).slice(0, 19), grantedBy].map(printable))))
  return exitCodes.ok
}

export async function removeAdministrator({ database }: CommandContext, address: string, role: string | undefined): Promise<number> {
  const account = findAccount(await loadDirectory(database), address)
  const removed = await createAdministratorStore(database).remove({ accountId: account.id, role: role === undefined ? null : roleOf(role), by: administrator() })
  if (removed === 0) throw new CommandError(`${account.address} has no such role; \`congthu administrator list\` shows them`)
  say(`Took ${removed} ${removed === 1 ? "role" : "roles"} of ${account.address} away.`)
  return exitCodes.ok
}

function roleOf(text: string): AdministratorRole {
  const role = administratorRoles.find((word) => word === text)
  if (role === undefined) throw new CommandError(`"${text}" is not one of: ${administratorRoles.join(", ")}`)
  return role
}
