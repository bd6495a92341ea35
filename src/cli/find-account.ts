import type { Account, Directory } from "../accounts/directory.ts"
import { CommandError } from "./context.ts"

/** The account an address or alias means. */
export function findAccount(directory: Directory, address: string): Account {
  const target = directory.resolve(address)
  if (target.kind === "account") return target.account
  throw new CommandError(target.kind === "group" ? `${address} is a group, not an account` : `there is no account ${address}`)
}
