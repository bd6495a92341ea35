/**
 * Sessions that are between two messages. Purpose: a second message to the same host does not pay for a connection and a handshake. Invariants: a
 * session is only used again for the very host, port and TLS decision it was opened under; each is closed by its owner, here, after a few idle
 * seconds or when it has carried its share. Must not know: messages, destinations.
 */
import type { TlsDetails } from "../store/delivery-store.ts"
import type { MailHost } from "./mx-lookup.ts"
import type { SmtpSession } from "./smtp-client.ts"
import type { TlsPolicy } from "./tls-policy.ts"

export interface PooledSession {
  readonly session: SmtpSession
  /** As it was when the session was opened. */
  readonly tlsDetails: TlsDetails
}

export interface SessionPool {
  /** The caller's alone until it is given back or ended. Undefined: none is free. */
  take(key: string): PooledSession | undefined
  /** After a transaction, whatever came of it. */
  give(key: string, pooled: PooledSession): void
  /** Ends all that are idle; what is given back later is ended, too. */
  close(): void
}

/** Long enough for the next message of a burst, short enough to be nobody's burden. */
const idleMs = 4_000
/** Many servers close after a hundred by themselves. */
const maxMessages = 80
/** Of all hosts together; the longest idle goes first. */
const maxIdle = 200

interface Idle extends PooledSession {
  readonly key: string
  readonly timer: NodeJS.Timeout
}

export function createSessionPool(): SessionPool {
  const idle = new Set<Idle>()
  /** How much each has carried, and its place here while it is idle. */
  const known = new WeakMap<SmtpSession, { messages: number; idle?: Idle | undefined }>()
  let closed = false

  const drop = (one: Idle): void => {
    clearTimeout(one.timer)
    idle.delete(one)
    const about = known.get(one.session)
    if (about) about.idle = undefined
  }
  const end = (one: Idle): void => {
    drop(one)
    one.session.end()
  }
  const aboutOf = (session: SmtpSession) => {
    const about: { messages: number; idle?: Idle | undefined } = known.get(session) ?? { messages: 0 }
    if (!known.has(session)) session.onClose(() => about.idle && drop(about.idle))
    known.set(session, about)
    return about
  }
  const keep = (key: string, pooled: PooledSession): void => {
    const { session } = pooled
    const about = aboutOf(session)
    about.messages++
    if (closed || !session.isOpen() || about.messages >= maxMessages) return session.end()
    const one: Idle = { ...pooled, key, timer: setTimeout(() => end(one), idleMs) }
    one.timer.unref()
    idle.add(one)
    about.idle = one
    for (const oldest of idle) {
      if (idle.size <= maxIdle) break
      end(oldest)
    }
  }

  return {
    take(key) {
      for (const one of idle) {
        if (one.key !== key) continue
        drop(one)
        if (one.session.isOpen()) return one
      }
      return undefined
    },
    give(key, pooled) {
      const { session } = pooled
      if (session.isClean()) return keep(key, pooled)
      session.reset().then((ready) => (ready ? keep(key, pooled) : session.end()), () => session.end())
    },
    close() {
      closed = true
      for (const one of idle) end(one)
    },
  }
}

/** Two messages with the same key may share a session: the reason is part of a decision, the time it was taken and who counts it are not. */
export function sessionKey({ host, port, policy }: { readonly host: MailHost; readonly port: number; readonly policy: TlsPolicy }): string {
  const decision = JSON.stringify(policy, (name, value: unknown) => {
    if (name === "counted" || name === "at" || name === "context") return undefined
    return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value
  })
  return `${host.name} ${host.address} ${port} ${decision}`
}
