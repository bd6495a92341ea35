/** What can happen to mailboxes, to the directory and to the policy, as processes hear of it. */
export type Change =
  /** Messages with uids `firstUid`.. were added at `modSeq`; rows are ready to be indexed, in uid order. */
  | { readonly kind: "appended"; readonly accountId: number; readonly mailboxId: number; readonly modSeq: number; readonly messages: readonly AppendedMessage[] }
  /** Anything else happened to the mailbox's log up to `modSeq`: read the log. */
  | { readonly kind: "advanced"; readonly accountId: number; readonly mailboxId: number; readonly modSeq: number }
  /** The account's set of mailboxes changed (created, renamed, deleted). */
  | { readonly kind: "mailboxes"; readonly accountId: number }
  /** The directory is at this version now. */
  | { readonly kind: "directory"; readonly version: number }
  /** The policy of this version is in force now. */
  | { readonly kind: "policy"; readonly version: number }
  /** A certificate's revocation is answered differently than before: what is in memory is to be compared with the store. */
  | { readonly kind: "revocation" }
  /** Notifications were accepted, or something became of them. */
  | { readonly kind: "notifications" }
  /** A bulk job has come so far. */
  | { readonly kind: "bulk"; readonly jobId: number; readonly state: "running" | "done" | "cancelled"; readonly done: number; readonly failed: number; readonly left: number }

export interface AppendedMessage {
  readonly uid: number
  readonly flags: number
  /** Octets as FETCH RFC822.SIZE gives them: trace prefix and content. */
  readonly size: number
  /** Milliseconds since the epoch, whole seconds. */
  readonly internalDate: number
}

/** Changes travel by topic, so that a process is woken only for what it listens to: mail changes with every message, notifications with every call, the directory and the policy now and then. */
export const topics = ["directory", "mail", "notifications"] as const
export type Topic = (typeof topics)[number]

/** What mail does not bring with it: changes of the directory, of the policy, of what is known about certificates. */
const mailKinds: ReadonlySet<Change["kind"]> = new Set(["appended", "advanced", "mailboxes"])

export const topicOf = (change: Change): Topic => (mailKinds.has(change.kind) ? "mail" : change.kind === "notifications" ? "notifications" : "directory")

/** Changes by topic, each in its order. */
export function byTopic(changes: readonly Change[]): readonly (readonly [Topic, readonly Change[]])[] {
  return topics.map((topic) => [topic, changes.filter((change) => topicOf(change) === topic)] as const).filter(([, some]) => some.length > 0)
}

/** Reads what a feed carried; undefined when it is not a list of changes. Only our own processes write there, so the shape is looked at no closer than a mix of versions needs. */
export function parseChanges(text: string): readonly Change[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter(isChange) : undefined
  } catch {
    return undefined
  }
}

const kinds: ReadonlySet<string> = new Set(["appended", "advanced", "mailboxes", "directory", "policy", "revocation", "notifications", "bulk"] satisfies Change["kind"][])

const isChange = (value: unknown): value is Change => typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string" && kinds.has(value.kind)
