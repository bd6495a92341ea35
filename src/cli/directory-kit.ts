import { type Scope, scopeOf } from "../accounts/administrator.ts"
import { defaultMailboxes } from "../accounts/default-mailboxes.ts"
import { problemText } from "../accounts/provision/problems.ts"
import { systemClock } from "../base/clock.ts"
import type { Result } from "../base/result.ts"
import { addressRuleOf } from "../roles/provisioning.ts"
import type { Change } from "../store/change.ts"
import type { Refusal } from "../store/directory-editor.ts"
import type { EditorParts } from "../store/sql/directory-editor.ts"
import { announceDirectory, CommandError, type CommandContext } from "./context.ts"

/** Whoever runs commands has the database: nothing limits him. */
export function everything(): Scope {
  const scope = scopeOf([{ role: "province", unitCode: null }], "directory:write")
  if (!scope) throw new Error("the province's role gives no directory")
  return scope
}

export interface CommandEditor {
  readonly parts: EditorParts
  /** Tells a running system of the newest version; once, at the end. */
  announce(): Promise<void>
}

export function commandEditor(context: CommandContext): CommandEditor {
  let version: number | undefined
  const publish = (changes: readonly Change[]): void => {
    for (const change of changes) if (change.kind === "directory") version = change.version
  }
  const { config, database } = context
  return {
    parts: { database, clock: systemClock, feed: { publish }, mailboxes: defaultMailboxes(config.imap.vietnameseFolderNames), addressRule: addressRuleOf(config) },
    announce: async () => (version === undefined ? undefined : announceDirectory(context, version)),
  }
}

/** Ends the command with what is wrong, a line for each field. */
export function orRefuse<T>(result: Result<T, Refusal>): T {
  if (result.ok) return result.value
  throw new CommandError(result.failure.problems.map((problem) => problemText(problem, "en")).join("\n"))
}
