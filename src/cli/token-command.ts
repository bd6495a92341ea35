import { type ApiScope, apiScopes, apiTokenHash, newApiToken } from "../accounts/api-token.ts"
import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { createApiTokenStore } from "../store/sql/api-tokens.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { durationOf, numberOf } from "./queue-filter.ts"

/** `congthu token …`: keys of programs to the API. */
export interface TokenOptions {
  readonly name: string
  readonly scope: readonly string[]
  readonly for: string
}

export function addTokenCommands({ program, command, run }: CommandKit): void {
  const token = program.command("token").description("keys of programs to the API (https://…/api/v1)")
  command(token, "create")
    .description("make a key and print it once")
    .requiredOption("--name <text>", "whose it is and what for; actions by it carry this name")
    .requiredOption("--scope <scopes...>", `what it may do: ${apiScopes.join(", ")}`)
    .option("--for <time>", "how long it is good", "365d")
    .addHelpText("after", "\nExample:\n  npm run congthu -- token create --name giam-sat --scope queue:read trace:read --for 90d")
    .action((options: TokenOptions) => run((context) => createToken(context, options))())
  command(token, "list")
    .description("list them: number, name, scopes, made, good until, last used")
    .action(run(listTokens))
  command(token, "revoke <number>")
    .description("revoke one; it is refused from the next request on")
    .action((number: string) => run((context) => revokeToken(context, number))())
}

const maxNameCharacters = 100

async function createToken({ database }: CommandContext, { name, scope, for: good }: TokenOptions): Promise<number> {
  if (name.trim() === "" || name.length > maxNameCharacters) throw new CommandError(`a name has from 1 to ${maxNameCharacters} characters`)
  const text = newApiToken()
  const expiresAt = systemClock.now() + durationOf(good)
  const id = await createApiTokenStore(database).add({ name: name.trim(), sha256: apiTokenHash(text), scopes: [...new Set(scope.map(scopeOf))], createdBy: administrator(), expiresAt })
  say(`Token ${id} "${printable(name.trim())}", good until ${provinceTime(expiresAt).slice(0, 10)}. It is shown this once:`)
  print(text)
  return exitCodes.ok
}

function scopeOf(text: string): ApiScope {
  const scope = apiScopes.find((word) => word === text)
  if (scope === undefined) throw new CommandError(`"${text}" is not one of: ${apiScopes.join(", ")}`)
  return scope
}

async function listTokens({ database }: CommandContext): Promise<number> {
  const tokens = await createApiTokenStore(database).list()
  const day = (ms: number | null): string => (ms === null ? "-" : provinceTime(ms).slice(0, 19))
  if (tokens.length === 0) say("There is no token.")
  else {
    const rows = tokens.map(({ id, name, scopes, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt }) =>
      [String(id), name, scopes.join(" "), day(createdAt), createdBy, revokedAt === null ? day(expiresAt) : "revoked", day(lastUsedAt)].map(printable))
    print(fitTable(["NUMBER", "NAME", "SCOPES", "MADE", "BY", "GOOD UNTIL", "LAST USED"], rows))
  }
  return exitCodes.ok
}

async function revokeToken({ database }: CommandContext, number: string): Promise<number> {
  if (!(await createApiTokenStore(database).revoke(numberOf(number, "token"), administrator()))) throw new CommandError(`there is no live token ${number}; \`congthu token list\` shows them`)
  say(`Revoked token ${number}.`)
  return exitCodes.ok
}
