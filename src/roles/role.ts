import type { Logger } from "pino"
import type { Clock } from "../base/clock.ts"
import type { Config } from "../config/schema.ts"
import type { Health, HealthReport } from "../telemetry/health.ts"
import type { Metrics, MetricSnapshot } from "../telemetry/metrics.ts"
import type { TicketSecret } from "../tls/ticket-keys.ts"

/** The parts of the system that run as processes of their own, and what a process and its supervisor say to each other. */
export const roleNames = ["smtp", "imap", "web", "worker"] as const
export type RoleName = (typeof roleNames)[number]

export const isRoleName = (text: string): text is RoleName => (roleNames as readonly string[]).includes(text)

/** What logs, health reports and the status page call a process: `imap`, `imap-2`. */
export const processName = (role: RoleName, number: number): string => (number === 1 ? role : `${role}-${number}`)

/**
 * How Node itself runs a role. Thousands of idle sessions are what costs memory in `imap`: with young generations of 4 MiB instead of 16
 * the dead ones of a login storm are given back (2,000 idle TLS sessions: 58 KiB each instead of 72). docker-compose.yml says the same.
 */
export const nodeArguments: Readonly<Partial<Record<RoleName, readonly string[]>>> = { imap: ["--max-semi-space-size=4"] }

/** What a role is built from. */
export interface RoleContext {
  readonly config: Config
  /** Other processes of this role listen on the same ports: the kernel spreads new connections over them (SO_REUSEPORT). */
  readonly sharePorts: boolean
  readonly databaseUrl: string
  /** From which the keys of session tickets are made, when the process starts. */
  readonly ticketSecret: TicketSecret
  /** Registers what is to be read again when an administrator says so (SIGHUP). */
  readonly onReload: (reload: () => void) => void
  readonly clock: Clock
  readonly log: Logger
  readonly health: Health
  readonly metrics: Metrics
  /** What is known of the other roles, for the status page; empty where nobody tells. */
  readonly others: () => readonly HealthReport[]
}

export interface RunningRole {
  /** Where it listens: name of the key under `listen` → port. */
  readonly ports: Readonly<Record<string, number>>
  /** Stops accepting, finishes or hands back what is under way, closes everything. */
  stop(): Promise<void>
}

export type StartRole = (context: RoleContext) => Promise<RunningRole>

export type ToRole =
  | { readonly kind: "start"; readonly databaseUrl: string; readonly ticketSecret: TicketSecret; readonly ports: Readonly<Record<string, number>>; readonly sharePorts: boolean }
  | { readonly kind: "tellHealth"; readonly id: number }
  | { readonly kind: "tellMetrics"; readonly id: number }
  | { readonly kind: "others"; readonly reports: readonly HealthReport[] }
  | { readonly kind: "reload" }

export type FromRole =
  | { readonly kind: "ready"; readonly ports: Readonly<Record<string, number>> }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "health"; readonly id: number; readonly report: HealthReport }
  | { readonly kind: "metrics"; readonly id: number; readonly snapshot: MetricSnapshot }

/** Longest that a role may take to stop before it is killed. */
export const roleStopMs = 7_000
