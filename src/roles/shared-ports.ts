import { once } from "node:events"
import { createServer } from "node:net"
import { availableParallelism } from "node:os"
import type { Config } from "../config/schema.ts"
import type { RoleName } from "./role.ts"

/**
 * Roles that several processes serve side by side, on the same ports: the kernel spreads new connections over them (SO_REUSEPORT).
 * What they hold of accounts and mailboxes is kept in step by the change feed, as between any two processes.
 */
const sharedDoors = { smtp: ["smtp", "submission", "submissions"], imap: ["imap", "imaps"] } as const

const mostByItself = 4
const mostAtAll = 32

/**
 * IMAP is the work of many sessions at once: by itself it takes all cores. SMTP commits what comes in at the same moment together: with two
 * processes on two cores a message costs a third more PostgreSQL time, so more of them are the administrator's wish.
 */
export function processesOf(role: RoleName, { smtp, imap }: Pick<Config, "smtp" | "imap">): number {
  if (role === "smtp") return Math.min(Math.max(1, smtp.processes), mostAtAll)
  if (role === "imap") return Math.min(imap.processes || Math.min(availableParallelism(), mostByItself), mostAtAll)
  return 1
}

/** With SO_REUSEPORT a second system would take half of the first one's connections; without it, it is told that the port is taken. */
export async function refuseTakenPorts(role: RoleName, { listen }: Pick<Config, "listen">): Promise<void> {
  if (role !== "smtp" && role !== "imap") return
  for (const door of sharedDoors[role]) {
    if (listen[door] === 0) continue
    const probe = createServer().listen({ port: listen[door], host: listen.host, exclusive: true })
    await once(probe, "listening")
    probe.close()
    await once(probe, "close")
  }
}
