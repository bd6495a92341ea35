import type { Clock } from "../base/clock.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { canonicalAddress } from "../mail/address.ts"
import { type Failure, failure } from "../mail/failure.ts"
import { appPasswordHash, type CredentialStore, isSameHash, oneTimeHash, type StoredCredential } from "./credential.ts"
import type { Account, Directory, DirectorySource } from "./directory.ts"
import { lastUses } from "./last-uses.ts"
import type { Authenticator, Login } from "./login.ts"
import { clientNetwork, type LoginThrottle } from "./login-throttle.ts"
import type { PasswordWork } from "./password-work.ts"
import { createRecentPasswords } from "./recent-passwords.ts"
import { createTurns } from "./turns.ts"

/**
 * Decides who may sign in. Credentials are read at each sign-in, so a revoked one is refused at once. A refusal is the same,
 * after the same work, whether the account is unknown, suspended or the password wrong. Must not know: protocols, SQL.
 */
export interface AuthenticatorOptions {
  readonly directory: DirectorySource
  readonly credentials: CredentialStore
  readonly passwords: PasswordWork
  readonly throttle: LoginThrottle
  /** Key of app password hashes (`keys/credential.key`). */
  readonly appPasswordKey: Buffer
  readonly clock: Clock
  /** Whose password opens the mailbox to mail clients, too. Absent: of those without a second factor. */
  readonly mailPassword?: "withoutSecondFactor" | "always"
}

type LoginRequest = Parameters<Authenticator["login"]>[0]

const refused = failure("noPermission", "The address or the password is wrong.")
const blocked = failure("limit", "Too many failed sign-ins; try again later.")
/** Told only to whom has shown the password: the console would tell him as much. */
const needsAppPassword = failure("policy", "This account has two-step sign-in: use an app password.")
const overloaded = failure("unavailable", "Too many sign-ins at once; try again in a moment.")

/** No account has this id: an unknown name costs the same query. */
const noAccountId = 0
const maxUsernameCharacters = 320
const maxPending = 500

export function createAuthenticator({ directory, credentials, passwords, throttle, appPasswordKey, clock, mailPassword }: AuthenticatorOptions): Authenticator {
  const turns = createTurns(maxPending)
  const recent = createRecentPasswords(clock)
  /** Undefined when too many wait for bcrypt. */
  const matchesPassword = async (credential: StoredCredential | undefined, password: string): Promise<boolean | undefined> => {
    if (credential && recent.has(credential, password)) return true
    const matches = await passwords.verify(password, credential?.hash ?? null)
    if (matches && credential) recent.add(credential, password)
    return matches
  }
  const noteUse = lastUses(credentials, clock)
  return {
    async login(request) {
      const result = await decide(request)
      if (result.ok && result.value.credentialId !== null) noteUse(result.value.credentialId, request.clientAddress)
      return result
    },
  }

  async function decide({ username, password, clientAddress, service }: LoginRequest): Promise<Result<Login, Failure>> {
    const snapshot = directory.current()
    const account = findAccount(snapshot, username)
    const found = await credentials.live(account?.id ?? noAccountId)
    if (!found.ok) return found
    const opened = (credential: StoredCredential): Login | undefined => (account ? openWith(snapshot, account, credential, clock.now()) : undefined)

    // Random enough not to be guessed, so it needs no throttle: an office behind one address is not locked out by one bad client.
    const byApp = matchingRandom(found.value, password, { key: appPasswordKey, service })
    const appLogin = byApp && opened(byApp)
    if (appLogin) return ok(appLogin)

    const name = account?.address ?? canonicalAddress(username.slice(0, maxUsernameCharacters))
    const attempt = { throttle, clientAddress, name }
    const guess = async (): Promise<Result<Login, Failure>> => {
      if (await throttle.isBlocked(clientAddress, name)) return failed(blocked)
      const byPassword = found.value.find(({ kind }) => kind === "password")
      const matches = await matchesPassword(byPassword, password)
      if (matches === undefined) return failed(overloaded)
      const login = matches && byPassword ? opened(byPassword) : undefined
      const concluded = await conclude(login, attempt)
      const isGuarded = mailPassword !== "always" && service !== "console" && login && byPassword?.guardedFor.includes(login.principalId)
      return isGuarded ? failed(needsAppPassword) : concluded
    }
    // One after another, or a hundred guesses sent at once would all be counted too late.
    return (await turns.take(`${clientNetwork(clientAddress)} ${name}`, guess)) ?? failed(overloaded)
  }
}

function findAccount(directory: Directory, username: string): Account | undefined {
  if (username.length > maxUsernameCharacters) return undefined
  const target = directory.resolve(username)
  return target.kind === "account" && !target.account.suspended ? target.account : undefined
}

/** An app password; at the console a one-time password too, which must not become the one that a mail client keeps. */
function matchingRandom(live: readonly StoredCredential[], password: string, { key, service }: { readonly key: Buffer; readonly service: LoginRequest["service"] }): StoredCredential | undefined {
  const hashes = { appPassword: appPasswordHash(password, key), oneTime: service === "console" ? oneTimeHash(password, key) : undefined, password: undefined }
  return live.find(({ kind, hash }) => {
    const typed = hashes[kind]
    return typed !== undefined && isSameHash(hash, typed)
  })
}

/** Who a right credential signs in; undefined when the person behind it holds the account no longer. */
function openWith(directory: Directory, account: Account, credential: StoredCredential, now: number): Login | undefined {
  const inForce = directory.assignmentsOfAccount(account.id, now)
  const login = (principalId: string | null): Login => ({ accountId: account.id, address: account.address, principalId, credentialId: credential.id, via: credential.kind })
  if (credential.principalId !== null) return inForce.some(({ principalId }) => principalId === credential.principalId) ? login(credential.principalId) : undefined
  const owner = inForce.find(({ rights }) => rights.includes("owner"))
  if (owner) return login(owner.principalId)
  // Owned by somebody whose time is over or who is suspended: not the same as owned by nobody.
  return directory.hasOwner(account.id) ? undefined : login(null)
}

async function conclude(login: Login | undefined, attempt: { readonly throttle: LoginThrottle; readonly clientAddress: string; readonly name: string }): Promise<Result<Login, Failure>> {
  const { throttle, clientAddress, name } = attempt
  if (login === undefined) {
    await throttle.failed(clientAddress, name)
    return failed(refused)
  }
  await throttle.succeeded(clientAddress, name)
  return ok(login)
}
