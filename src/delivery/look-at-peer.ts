import { TLSSocket } from "node:tls"
import type SMTPConnection from "nodemailer/lib/smtp-connection"
import type { Result } from "../base/result.ts"
import type { VerifiedBy } from "./peer-check.ts"
import { describeError, parseReply } from "./smtp-reply.ts"
import { type TlsFault, tlsFault } from "./tls-fault.ts"
import { readPeer, type TlsPeer } from "./tls-peer.ts"

/** What a handshake has shown so far. */
export interface SeenPeer {
  readonly peer?: TlsPeer
  readonly verified?: VerifiedBy
  readonly fault?: TlsFault
}

/** nodemailer sends EHLO as soon as the handshake is done; the peer is looked at in between. */
export function lookAtPeer(connection: SMTPConnection, check: ((peer: TlsPeer) => Result<VerifiedBy, TlsFault>) | undefined): () => SeenPeer {
  let seen: SeenPeer = {}
  const upgrade: unknown = Reflect.get(connection, "_upgradeConnection")
  if (typeof upgrade !== "function") throw new Error("this version of nodemailer has no _upgradeConnection")
  const look = (): void => {
    const socket: unknown = Reflect.get(connection, "_socket")
    if (!(socket instanceof TLSSocket)) throw new Error("no TLS after a handshake")
    const peer = readPeer(socket)
    seen = { peer }
    const checked = check?.(peer)
    if (checked) seen = checked.ok ? { peer, verified: checked.value } : { peer, fault: checked.failure }
  }
  Reflect.set(connection, "_upgradeConnection", (done: (error: Error | null, secured?: boolean) => void): void => {
    Reflect.apply(upgrade, connection, [
      (error: Error | null, secured?: boolean) => {
        if (error) return done(error)
        try {
          look()
        } catch (bug) {
          // this runs as an event of the socket, where nobody would catch it
          return done(bug instanceof Error ? bug : new Error(String(bug)))
        }
        return seen.fault ? done(new Error(seen.fault.detail)) : done(null, secured)
      },
    ])
  })
  return () => seen
}

/** Undefined when the session failed by something else than its TLS. */
export function tlsFaultOf(error: Error & { readonly code?: string; readonly response?: string; readonly command?: string }, { duringTls, demanded }: { readonly duringTls: boolean; readonly demanded: boolean }): TlsFault | undefined {
  const { code, response, command } = error
  const refused = (code === "ETLS" && command === "STARTTLS" && response !== undefined) || (demanded && command === "EHLO" && response?.startsWith("5"))
  if (refused) return tlsFault("starttls-not-supported", `does not offer TLS (${parseReply(response ?? "").diagnostic})`)
  return duringTls || code === "ETLS" ? tlsFault("validation-failure", `could not agree on TLS (${describeError(error)})`) : undefined
}
