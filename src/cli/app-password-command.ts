import { appPasswordHash, newAppPassword } from "../accounts/credential.ts"
import { systemClock } from "../base/clock.ts"
import { createCredentialStore } from "../store/sql/credentials.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { appPasswordKey } from "./credential-key.ts"
import { findAccount } from "./find-account.ts"

/** `congthu app-password …`: a person's own key to an account, for one mail client or one office mailbox. */
export interface CreateOptions {
  readonly principal?: string
  readonly label: string
}

const maxLabelCharacters = 100

export async function createAppPassword({ config, database }: CommandContext, address: string, { principal, label }: CreateOptions): Promise<number> {
  const directory = await loadDirectory(database)
  const account = findAccount(directory, address)
  if (account.suspended) throw new CommandError(`${account.address} is suspended`)
  if (label.length > maxLabelCharacters) throw new CommandError(`a label has at most ${maxLabelCharacters} characters`)
  const holders = directory.assignmentsOfAccount(account.id, systemClock.now())
  const principalId = principal ?? onlyOwner(holders.filter(({ rights }) => rights.includes("owner")).map((owner) => owner.principalId), account.address)
  if (!holders.some((holder) => holder.principalId === principalId)) {
    throw new CommandError(directory.principal(principalId) ? `${principalId} holds no rights on ${account.address} today` : `there is no principal ${principalId}`)
  }
  const text = newAppPassword()
  const hash = appPasswordHash(text, await appPasswordKey(config))
  if (hash === undefined) throw new Error("a new app password is none")
  const id = await createCredentialStore(database).addAppPassword({ accountId: account.id, principalId, label, hash })
  say(`App password ${id} of ${directory.principal(principalId)?.name ?? principalId} for ${account.address}. It is shown this once:`)
  print(text)
  return exitCodes.ok
}

function onlyOwner(owners: readonly string[], address: string): string {
  const [owner] = owners
  if (owner === undefined || owners.length > 1) throw new CommandError(`${address} has ${owners.length} owners: name the person with --principal`)
  return owner
}

export async function listCredentials({ database }: CommandContext, address: string): Promise<number> {
  const directory = await loadDirectory(database)
  const account = findAccount(directory, address)
  for (const { id, kind, principalId, label, createdAt } of await createCredentialStore(database).list(account.id)) {
    const who = principalId === null ? "" : `${principalId} ${directory.principal(principalId)?.name ?? ""}`
    print([String(id), kind === "password" ? "password" : "app password", new Date(createdAt).toISOString(), who, label].join("\t"))
  }
  return exitCodes.ok
}

export async function revokeCredential({ database }: CommandContext, address: string, id: string): Promise<number> {
  const account = findAccount(await loadDirectory(database), address)
  if (!/^\d{1,15}$/.test(id)) throw new CommandError(`"${id}" is not the number of a credential; \`congthu app-password list ${address}\` shows them`)
  if (!(await createCredentialStore(database).revoke(account.id, Number(id)))) throw new CommandError(`${account.address} has no live credential ${id}`)
  say(`Revoked ${id} of ${account.address}.`)
  return exitCodes.ok
}
