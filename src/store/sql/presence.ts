import { randomUUID } from "node:crypto"
import type { Presence, PresentSession, WhyEnded } from "../presence.ts"
import type { Clock } from "../../base/clock.ts"
import type { Database } from "./database.ts"

/** Sessions of one process in PostgreSQL: changes are gathered, and go with the sign of life. */
export interface PresenceOptions {
  readonly database: Pick<Database, "query">
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  readonly everyMs?: number
  /** As the authenticator's. */
  readonly mailPassword?: "withoutSecondFactor" | "always"
}

/** Rows of one statement; the rest goes with the next. */
const maxRows = 5_000
const maxClientId = 200
/** Beyond this a process has not said that it lives: its sessions are gone. */
export const staleMs = 60_000

interface Kept extends PresentSession {
  readonly since: number
}

export function createPresence({ database, clock, onError, everyMs = 5_000, mailPassword }: PresenceOptions): Presence & { /** For tests: at once. */ tick(): Promise<void> } {
  const process = randomUUID()
  const here = new Map<string, Kept>()
  const changed = new Set<string>()
  const gone = new Set<string>()
  let known = false
  let closed = false
  let timer: NodeJS.Timeout | undefined

  async function tick(): Promise<void> {
    const put = [...changed].slice(0, maxRows).flatMap((id) => here.get(id) ?? [])
    const left = [...gone].slice(0, maxRows)
    for (const { id } of put) changed.delete(id)
    for (const id of left) gone.delete(id)
    try {
      const column = <T>(value: (session: Kept) => T): T[] => put.map(value)
      const [row] = await database.query<{ fresh: boolean; ending: readonly { readonly id: string; readonly why: WhyEnded }[] }>(beat, [
        process, left, column(({ id }) => id), column(({ protocol }) => protocol), column(({ accountId }) => accountId), column(({ principalId }) => principalId), column(({ clientAddress }) => clientAddress),
        column(({ clientId }) => shown(clientId)), column(({ tls }) => tls), column(({ since }) => since), staleMs,
        column(({ credentialId }) => credentialId), mailPassword !== "always",
      ])
      // the tables were emptied by a crash of the database, or somebody took this process for dead
      if (row?.fresh && known) for (const id of here.keys()) changed.add(id)
      known = true
      for (const { id, why } of row?.ending ?? []) here.get(id)?.end(why)
    } catch (error) {
      for (const { id } of put) changed.add(id)
      for (const id of left) gone.add(id)
      onError(error)
    }
  }
  const next = (): void => {
    timer = setTimeout(() => void tick().finally(() => closed || next()), everyMs)
    timer.unref()
  }
  next()
  return {
    tick,
    arrive(session) {
      here.set(session.id, { ...session, since: clock.now() })
      changed.add(session.id)
    },
    named(id, clientId) {
      const session = here.get(id)
      if (!session || session.clientId === clientId) return
      here.set(id, { ...session, clientId })
      changed.add(id)
    },
    leave(id) {
      if (!here.delete(id)) return
      // one that was never written needs no statement
      if (!changed.delete(id)) gone.add(id)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await database.query(farewell, [process]).catch(onError)
    },
  }
}

// oxlint-disable-next-line no-control-regex -- exactly the characters that a page or a terminal would stumble on
const shown = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, " ").slice(0, maxClientId).toWellFormed()

const beat = {
  name: "presence-beat",
  text: `
    WITH alive AS (INSERT INTO presence_process (process, seen_at) VALUES ($1, clock_timestamp()) ON CONFLICT (process) DO UPDATE SET seen_at = clock_timestamp() RETURNING xmax = 0 AS fresh),
    dead AS (DELETE FROM presence_process WHERE seen_at < clock_timestamp() - $11 * interval '1 millisecond' AND process <> $1 RETURNING process),
    buried AS (DELETE FROM presence WHERE process IN (SELECT process FROM dead)),
    gone AS (DELETE FROM presence WHERE process = $1 AND session_id = ANY ($2::text[])),
    put AS (
      INSERT INTO presence (process, session_id, protocol, account_id, principal_id, client_address, client_id, tls, since, credential_id)
      SELECT $1, t.id, t.protocol, t.account, t.principal, t.address, t.client, t.tls, to_timestamp(t.since / 1000.0), t.credential
      FROM unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::float8[], $12::bigint[]) AS t (id, protocol, account, principal, address, client, tls, since, credential)
      ON CONFLICT (process, session_id) DO UPDATE SET client_id = excluded.client_id
    )
    SELECT a.fresh, coalesce((
      SELECT json_agg(json_build_object('id', p.session_id, 'why', CASE WHEN p.end_wanted THEN 'administrator' ELSE 'credential' END))
      FROM presence p LEFT JOIN credential c ON c.id = p.credential_id WHERE p.process = $1 AND (p.end_wanted OR c.revoked_at IS NOT NULL OR $13 AND c.kind = 'password' AND EXISTS (
        SELECT FROM second_factor f WHERE f.ended_at IS NULL AND CASE WHEN p.principal_id IS NULL THEN f.principal_id IS NULL AND f.account_id = p.account_id ELSE f.principal_id = p.principal_id END))
    ), '[]') AS ending FROM alive a`,
}

const farewell = { name: "presence-farewell", text: "WITH gone AS (DELETE FROM presence WHERE process = $1) DELETE FROM presence_process WHERE process = $1" }
