import { AsyncLocalStorage } from "node:async_hooks"

/**
 * Who acts: a person at a command or in the console, a program with a token. Whoever lets somebody in says so once, around all that is done for him;
 * the database's connection writes it into every audit entry of his statements, so that no statement can forget it. Must not know: SQL, protocols.
 */
export interface Actor {
  readonly via: "cli" | "api" | "console"
  /** The operating system's user, the token's name, the address that was signed in with. */
  readonly name: string
  /** The person, where one is known. */
  readonly principalId?: string
  /** The account that was signed in to, or the number of the token. */
  readonly accountId?: number
  readonly tokenId?: number
  /** Network address. */
  readonly address?: string
  /** Principal for whom it is done, where that is somebody else. */
  readonly onBehalfOf?: string
}

const acting = new AsyncLocalStorage<Actor | undefined>()

/** All that `work` does, also later and on other connections, is done by this actor. */
export const actAs = <T>(actor: Actor, work: () => T): T => acting.run(actor, work)

/** For work that several callers share, such as a batch: it is nobody's in particular. */
export const actAsNobody = <T>(work: () => T): T => acting.run(undefined, work)

export const currentActor = (): Actor | undefined => acting.getStore()
