/** What a mailbox must be, in plain objects: the answer that the server's is compared with. */
export interface ModelMessage {
  readonly uid: number
  readonly flags: ReadonlySet<string>
  readonly modSeq: number
}

export interface FlagStore {
  readonly mode: "+" | "-" | ""
  readonly flags: readonly string[]
  readonly unchangedSince?: number
}

export class MailboxModel {
  messages: ModelMessage[] = []
  uidNext = 1
  modSeq = 1

  find(uid: number): ModelMessage | undefined {
    return this.messages.find((message) => message.uid === uid)
  }

  /** RFC 9051 §2.3.1.1: uids only grow. Returns those given. */
  append(flagSets: readonly (readonly string[])[]): readonly number[] {
    this.modSeq++
    return flagSets.map((flags) => {
      const uid = this.uidNext++
      this.messages.push({ uid, flags: new Set(flags), modSeq: this.modSeq })
      return uid
    })
  }

  /** Returns the uids left alone because of UNCHANGEDSINCE. A message whose flags stay as they are keeps its MODSEQ. */
  store(uids: readonly number[], { mode, flags, unchangedSince = Infinity }: FlagStore): readonly number[] {
    const modified: number[] = []
    const changed = new Map<number, ReadonlySet<string>>()
    for (const message of this.messages) {
      if (!uids.includes(message.uid)) continue
      const next = changedFlags(message.flags, mode, flags)
      if (message.modSeq > unchangedSince) modified.push(message.uid)
      else if (!sameFlags(next, message.flags)) changed.set(message.uid, next)
    }
    if (changed.size === 0) return modified
    this.modSeq++
    this.messages = this.messages.map((message) => ({ ...message, ...(changed.has(message.uid) && { flags: changed.get(message.uid) ?? message.flags, modSeq: this.modSeq }) }))
    return modified
  }

  /** Takes messages out; `uids` null: all. Only what is \Deleted when `deletedOnly`. */
  remove(uids: readonly number[] | null, deletedOnly: boolean): void {
    const kept = this.messages.filter(({ uid, flags }) => (uids !== null && !uids.includes(uid)) || (deletedOnly && !flags.has("\\Deleted")))
    if (kept.length < this.messages.length) this.modSeq++
    this.messages = kept
  }
}

export const changedFlags = (flags: ReadonlySet<string>, mode: FlagStore["mode"], given: readonly string[]): ReadonlySet<string> =>
  mode === "+" ? new Set([...flags, ...given]) : mode === "-" ? new Set([...flags].filter((flag) => !given.includes(flag))) : new Set(given)

export const sameFlags = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean => one.size === other.size && [...one].every((flag) => other.has(flag))
