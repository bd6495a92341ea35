import { canonicalAddress } from "../mail/address.ts"
import { printable } from "../mail/printable.ts"
import { directoryKinds, type DirectoryKind } from "../store/directory-view.ts"
import { createDirectoryView } from "../store/sql/directory-view.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { everything } from "./directory-kit.ts"
import { fitTable } from "./fit-table.ts"

/** `congthu directory …`: what is in the directory. */
export interface SearchOptions {
  readonly kind?: string
  readonly unit?: string
  readonly limit: string
}

export function addDirectoryCommands({ program, command, run }: CommandKit): void {
  const directory = program.command("directory").description("units, people, accounts, groups and aliases")
  command(directory, "search [words...]")
    .description("find by name, address, code, title or phone, with or without marks")
    .option("--kind <kind>", `only ${directoryKinds.join(", ")}`)
    .option("--unit <code>", "only of this unit and those below it")
    .option("--limit <number>", "at most so many", "50")
    .addHelpText("after", "\nExample:\n  npm run congthu -- directory search nguyen van dat --unit SNV")
    .action((words: readonly string[], options: SearchOptions) => run((context) => searchDirectory(context, words.join(" "), options))())
  command(directory, "show <key>")
    .description("one of them with all that belongs to it, as JSON: a person's id, a unit's code, an address")
    .action((key: string) => run((context) => showObject(context, key))())
  command(directory, "tree")
    .description("the units, with how many accounts, people and groups each and all below it have")
    .action(run(showTree))
}

export async function searchDirectory({ database }: CommandContext, text: string, { kind, unit, limit }: SearchOptions): Promise<number> {
  const kinds = kind === undefined ? undefined : directoryKinds.filter((one): one is DirectoryKind => one === kind)
  if (kinds?.length === 0) throw new CommandError(`"${kind}" is not one of: ${directoryKinds.join(", ")}`)
  if (!/^\d{1,3}$/.test(limit) || Number(limit) === 0) throw new CommandError("--limit is a number from 1 to 500")
  const { hits, more } = await createDirectoryView(database).find({ scope: everything(), text, ...(kinds && { kinds }), ...(unit !== undefined && { unit: { code: unit, below: true } }), limit: Number(limit) })
  if (hits.length === 0) say("Nothing is found.")
  else print(fitTable(["KIND", "KEY", "NAME", "DETAIL", "UNIT", ""], hits.map((hit) => [hit.kind, hit.key, hit.name, hit.detail, hit.unitName, hit.suspended ? "suspended" : ""].map(printable))))
  if (more) say("There are more; --limit shows more of them.")
  return exitCodes.ok
}

export async function showObject({ database }: CommandContext, key: string): Promise<number> {
  const view = createDirectoryView(database)
  const scope = everything()
  const address = canonicalAddress(key)
  for (const read of key.includes("@") ? [() => view.account(scope, address), () => view.group(scope, address)] : [() => view.person(scope, key), () => view.unit(scope, key)]) {
    const found = await read()
    if (found.ok) {
      print(JSON.stringify(found.value, null, 2))
      return exitCodes.ok
    }
  }
  throw new CommandError(`there is no ${key.includes("@") ? "account or group" : "person or unit"} ${printable(key)}; \`congthu directory search\` finds them`)
}

async function showTree({ database }: CommandContext): Promise<number> {
  const tree = await createDirectoryView(database).tree(everything())
  const counts = ({ accounts, people, groups }: { readonly accounts: number; readonly people: number; readonly groups: number }): readonly string[] => [accounts, people, groups].map(String)
  print(fitTable(["UNIT", "NAME", "ACCOUNTS", "PEOPLE", "GROUPS", "ALL ACCOUNTS", "ALL PEOPLE", "ALL GROUPS"], tree.map(({ depth, code, name, own, all }) => [`${"  ".repeat(depth)}${printable(code)}`, printable(name), ...counts(own), ...counts(all)])))
  return exitCodes.ok
}
