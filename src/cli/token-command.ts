import { type ApiScope, apiScopes, apiTokenHash, newApiToken, unitScopes } from "../accounts/api-token.ts"
import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { webhookSecretPlace } from "../notifications/webhooks.ts"
import { newWebhookSecret } from "../webhooks/webhook-signature.ts"
import { createAllowedUrls } from "../pki/revocation/allowed-url.ts"
import { createSealer } from "../store/sealing.ts"
import { createApiTokenStore } from "../store/sql/api-tokens.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { administrator } from "./administrator.ts"
import { contentKey } from "./content-key.ts"
import { findAccount } from "./find-account.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { durationOf, numberOf } from "./queue-filter.ts"

/** `congthu token …`: keys of programs to the API. */
export interface TokenOptions {
  readonly name: string
  readonly scope: readonly string[]
  readonly for: string
  readonly account?: string
  readonly principal?: string
  readonly unit?: string
}

export function addTokenCommands({ program, command, run }: CommandKit): void {
  const token = program.command("token").description("keys of programs to the API (https://…/api/v1)")
  command(token, "create")
    .description("make a key and print it once")
    .requiredOption("--name <text>", "whose it is and what for; actions by it carry this name")
    .requiredOption("--scope <scopes...>", `what it may do: ${apiScopes.join(", ")}`)
    .option("--for <time>", "how long it is good", "365d")
    .option("--account <address>", "the office's account that it sends notifications from; needed with notifications:send")
    .option("--principal <id>", "whom it stands for there; the account's owner when absent")
    .option("--unit <code>", `only this unit and those below it; for ${unitScopes.join(", ")}`)
    .addHelpText("after", "\nExamples:\n  npm run congthu -- token create --name mot-cua --scope notifications:send --account hcc@tinh.example\n \n  npm run congthu -- token create --name giam-sat --scope queue:read trace:read --for 90d")
    .action((options: TokenOptions) => run((context) => createToken(context, options))())
  command(token, "webhook <number> [url]")
    .description("tell a system of its notifications at this https URL; prints the secret that its calls are signed with, once. Without a URL: tell it no more")
    .action((number: string, url: string | undefined) => run((context) => setWebhook(context, number, url))())
  command(token, "list")
    .description("list them: number, name, scopes, made, good until, last used")
    .action(run(listTokens))
  command(token, "revoke <number>")
    .description("revoke one; it is refused from the next request on")
    .action((number: string) => run((context) => revokeToken(context, number))())
}

const maxNameCharacters = 100

async function createToken({ database }: CommandContext, { name, scope, for: good, account, principal, unit }: TokenOptions): Promise<number> {
  if (name.trim() === "" || name.length > maxNameCharacters) throw new CommandError(`a name has from 1 to ${maxNameCharacters} characters`)
  const scopes = [...new Set(scope.map(scopeOf))]
  if (scopes.includes("notifications:send") !== (account !== undefined)) throw new CommandError("--account is for a token that may notifications:send, and is needed there")
  if (unit !== undefined && scopes.some((one) => !unitScopes.includes(one))) throw new CommandError(`--unit is for a token with ${unitScopes.join(", ")} and nothing else: all other things belong to the province as a whole`)
  if (unit !== undefined && (await loadDirectory(database)).organization.unitPath(unit).length === 0) throw new CommandError(`there is no unit ${unit}`)
  const sender = account === undefined ? undefined : await senderOf(database, account, principal)
  const text = newApiToken()
  const expiresAt = systemClock.now() + durationOf(good)
  const id = await createApiTokenStore(database).add({ name: name.trim(), sha256: apiTokenHash(text), scopes, createdBy: administrator(), expiresAt, ...(sender && { sender }), ...(unit !== undefined && { unitCode: unit }) })
  say(`Token ${id} "${printable(name.trim())}", good until ${provinceTime(expiresAt).slice(0, 10)}. It is shown this once:`)
  print(text)
  return exitCodes.ok
}

/** An office's account, and who holds it today. */
async function senderOf(database: CommandContext["database"], address: string, principal: string | undefined): Promise<{ readonly accountId: number; readonly principalId: string | null }> {
  const directory = await loadDirectory(database)
  const account = findAccount(directory, address)
  if (account.kind !== "organizational") throw new CommandError(`${account.address} is a person's: systems send from an office's account`)
  if (account.suspended) throw new CommandError(`${account.address} is suspended`)
  // an account that nobody was ever given speaks for itself
  if (principal === undefined && !directory.hasOwner(account.id)) return { accountId: account.id, principalId: null }
  const maySend = directory.assignmentsOfAccount(account.id, systemClock.now()).filter(({ rights }) => rights.includes("owner") || rights.includes("send-as"))
  const owners = maySend.filter(({ rights }) => rights.includes("owner"))
  const principalId = principal ?? (owners.length === 1 ? owners[0]?.principalId : undefined)
  if (principalId === undefined) throw new CommandError(`${account.address} has ${owners.length} owners: name whom it stands for with --principal`)
  if (!maySend.some((one) => one.principalId === principalId)) throw new CommandError(`${principalId} may not send as ${account.address} today`)
  return { accountId: account.id, principalId }
}

async function setWebhook({ config, database }: CommandContext, number: string, url: string | undefined): Promise<number> {
  const tokens = createApiTokenStore(database)
  const id = numberOf(number, "token")
  const unknown = `there is no live token ${number} that sends notifications; \`congthu token list\` shows them`
  if (url === undefined) {
    if (!(await tokens.setWebhook(id, null, administrator()))) throw new CommandError(unknown)
    say(`Token ${id} has no webhook any more.`)
    return exitCodes.ok
  }
  if (createAllowedUrls(config.notifications.webhooks).permits(url)?.url.protocol !== "https:") throw new CommandError(`${url} may not be called: notifications.webhooks allows ${config.notifications.webhooks.join(", ") || "nothing"}, over https only`)
  const secret = newWebhookSecret()
  const sealed = createSealer(await contentKey(config)).seal(Buffer.from(secret), webhookSecretPlace)
  if (!(await tokens.setWebhook(id, { url, secret: sealed }, administrator()))) throw new CommandError(unknown)
  say(`Token ${id} is told at ${url} of what becomes of notifications from now on. The secret of its signatures is shown this once:`)
  print(secret)
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
    const rows = tokens.map(({ id, name, scopes, unitCode, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt }) =>
      [String(id), name, `${scopes.join(" ")}${unitCode === null ? "" : ` in ${unitCode}`}`, day(createdAt), createdBy, revokedAt === null ? day(expiresAt) : "revoked", day(lastUsedAt)].map(printable))
    print(fitTable(["NUMBER", "NAME", "SCOPES", "MADE", "BY", "GOOD UNTIL", "LAST USED"], rows))
  }
  return exitCodes.ok
}

async function revokeToken({ database }: CommandContext, number: string): Promise<number> {
  if (!(await createApiTokenStore(database).revoke(numberOf(number, "token"), administrator()))) throw new CommandError(`there is no live token ${number}; \`congthu token list\` shows them`)
  say(`Revoked token ${number}.`)
  return exitCodes.ok
}
