import { existsSync } from "node:fs"
import { rename, rm, writeFile } from "node:fs/promises"
import { flushCompileCache } from "node:module"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { Logger } from "pino"
import { systemClock } from "../base/clock.ts"
import { lockFolder } from "../base/folder-lock.ts"
import { openLog } from "../base/log.ts"
import type { Serving } from "../base/serving.ts"
import { environmentFor, type LoadedConfig } from "../config/load.ts"
import { createMetrics } from "../telemetry/metrics.ts"
import { startTelemetryServer } from "../telemetry/telemetry-server.ts"
import { newTicketSecret, type TicketSecret, ticketSecretAt } from "../tls/ticket-keys.ts"
import { keepPostgres, type PostgresKeeper } from "./postgres-keeper.ts"
import { prepareFiles, prepareSchema } from "./prepare.ts"
import { roleNames, type RoleName } from "./role.ts"
import { RoleProcess } from "./role-process.ts"
import { findDemoCertificates, readDemoLogins, welcomeScreen } from "./screen.ts"
import { processesOf, refuseTakenPorts } from "./shared-ports.ts"

/**
 * The whole system on one machine: PostgreSQL, then one process for each role, then the further ones of the roles that mail clients
 * keep busy; each is restarted when it ends. Invariants: one
 * supervisor for a data folder; a role's end touches no other role; after `supervise` resolves no process is left.
 * Must not know: mail.
 */
export interface SuperviseOptions {
  readonly loaded: LoadedConfig
  readonly script: string
  /** Passed on to the roles, so that they load the same configuration. */
  readonly args: readonly string[]
}

const healthEveryMs = 5_000
/** PostgreSQL's time for an orderly end: what the roles have left of it, so that all is over within ten seconds. */
const postgresPatience = (rolesTookMs: number): number => Math.max(500, Math.min(4_000, 8_000 - rolesTookMs))

/** Runs until a signal. Resolves with the process's exit code. */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const startedAt = systemClock.now()
  const { config } = options.loaded
  const lock = await lockFolder(config.dataDir)
  if (!lock) {
    process.stderr.write(`congthu: another system is running on ${config.dataDir}\n`)
    return 1
  }
  const { log, flush } = openLog({ level: config.log.level, name: "supervisor", file: join(config.dataDir, "logs", "supervisor.log") })
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "an exception nobody caught")
    flush()
    process.stderr.write(`congthu: ${error.stack ?? error.message}\n`)
    // the roles notice that their channel has closed, PostgreSQL that its starter has gone
    process.exit(70)
  })
  const told = stopSignal()
  const system = new System(options, log)
  if (!hasTerminal) process.on("SIGHUP", () => system.reload())
  const failed = await Promise.race([system.start(startedAt).then(() => undefined, (error: unknown) => ({ error })), told.then(() => undefined)])
  if (failed) {
    const reason = failed.error instanceof Error ? failed.error.message : String(failed.error)
    log.fatal({ err: failed.error }, "could not start")
    process.stderr.write(`congthu: could not start: ${reason}\n  log: ${join(config.dataDir, "logs")}\n`)
  } else await told
  if (process.stdout.isTTY) process.stdout.write("\n  Đang dừng … (stopping)\n")
  await system.stop()
  log.info("stopped")
  flush()
  await lock.release()
  return failed ? 1 : 0
}

/** Where there is a terminal, SIGHUP says that it has gone; a service reads its files again. */
const hasTerminal = process.stdout.isTTY === true

/** Resolves at the first signal. npm passes on the signal that the terminal has sent already: the second is not a second wish. */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", ...(hasTerminal ? (["SIGHUP"] as const) : [])] as const) process.on(signal, () => resolve())
  })

class System {
  private readonly options: SuperviseOptions
  private readonly log: Logger
  /** The first process of each role: what the system cannot do without. */
  private readonly roles: readonly RoleProcess[]
  private readonly processes: RoleProcess[]
  private postgres: Promise<PostgresKeeper> | undefined
  private telemetry: Serving | undefined
  private healthTimer: NodeJS.Timeout | undefined
  private ticketSecret = newTicketSecret(systemClock.now())
  private stopped = false

  constructor(options: SuperviseOptions, log: Logger) {
    this.options = options
    this.log = log
    this.roles = roleNames.map((role) => this.launch(role, 1))
    this.processes = [...this.roles]
  }

  private launch(role: RoleName, number: number, ports?: Readonly<Record<string, number>>): RoleProcess {
    const { args, script, loaded } = this.options
    const sharePorts = processesOf(role, loaded.config) > 1
    return new RoleProcess({ role, number, sharePorts, args, script, environment: environmentFor(loaded.config), log: this.log, now: () => systemClock.now(), ticketSecret: () => this.currentTickets(), ...(ports && { ports }) })
  }

  reload(): void {
    this.log.info("told to read files again")
    for (const process of this.processes) process.tell({ kind: "reload" })
  }

  /** One way: what was before is forgotten, here too. */
  private currentTickets(): TicketSecret {
    this.ticketSecret = ticketSecretAt(this.ticketSecret, systemClock.now())
    return this.ticketSecret
  }

  /** When the system is already of use: they share the work, and a start on two cores is not made slower by them. */
  private startSiblings(databaseUrl: string): void {
    for (const { role, ports } of this.roles) {
      for (let number = 2; number <= processesOf(role, this.options.loaded.config); number++) {
        const sibling = this.launch(role, number, ports)
        sibling.start(databaseUrl)
        sibling.ready.catch((error: unknown) => this.log.error({ err: error }, "a further process could not start"))
        this.processes.push(sibling)
      }
    }
  }

  async start(startedAt: number): Promise<void> {
    const { config } = this.options.loaded
    const [files, url] = await Promise.all([prepareFiles(config), this.startDatabase()])
    await prepareSchema(url, this.log)
    if (config.demo.seed && !["demo-logins.json", "demo-certificates"].every((name) => existsSync(join(config.dataDir, name)))) {
      const { seedAtFirstStart } = await import("./first-start.ts")
      await seedAtFirstStart(config, url)
    }
    await Promise.all(roleNames.filter((role) => processesOf(role, config) > 1).map((role) => refuseTakenPorts(role, config)))
    for (const role of this.roles) role.start(url)
    await Promise.all([...this.roles.map((role) => role.ready), this.startTelemetry()])
    if (this.stopped) return
    const ports = Object.assign({ metrics: this.telemetry?.port ?? 0 }, ...this.roles.map((role) => role.ports)) as Readonly<Record<string, number>>
    await this.tellProcesses(ports)
    this.healthTimer = setInterval(() => void this.spreadHealth(), healthEveryMs)
    await this.spreadHealth()
    flushCompileCache()
    const startMs = systemClock.now() - startedAt
    this.log.info({ ports, startMs }, "ready")
    process.stdout.write(`${welcomeScreen({ config, ports, caFile: files.caFile, logins: await readDemoLogins(config.dataDir), demoCertificates: findDemoCertificates(config.dataDir), startMs })}\n`)
    if (!this.stopped) this.startSiblings(url)
  }

  /** The roles first, all at once; PostgreSQL when nobody needs it any more. */
  async stop(): Promise<void> {
    const from = systemClock.now()
    this.stopped = true
    clearInterval(this.healthTimer)
    await Promise.all([...this.processes.map((process) => process.stop()), this.telemetry?.close()])
    await rm(this.portsFile, { force: true })
    await this.postgres?.then(
      (keeper) => keeper.stop(postgresPatience(systemClock.now() - from)),
      () => undefined,
    )
  }

  private async startDatabase(): Promise<string> {
    const { config } = this.options.loaded
    if (config.database.url) return config.database.url
    this.postgres = keepPostgres(config.dataDir, this.log)
    return (await this.postgres).url
  }

  private async startTelemetry(): Promise<void> {
    const { config } = this.options.loaded
    const own = createMetrics("supervisor")
    own.gauge("postgres_restarts", "Times that the embedded PostgreSQL had to be started again.", async () => (await this.postgres)?.restarts() ?? 0)
    own.gauge("role_restarts", "Times that a role's process had to be started again.", () => this.processes.reduce((sum, { restarts }) => sum + restarts, 0))
    this.telemetry = await startTelemetryServer({
      host: config.listen.host,
      port: config.listen.metrics,
      health: () => Promise.all(this.processes.map((process) => process.health())),
      metrics: () => Promise.all([own.snapshot(), ...this.processes.map((process) => process.metrics())]),
    })
  }

  private async spreadHealth(): Promise<void> {
    const reports = await Promise.race([Promise.all(this.processes.map((process) => process.health())), wait(healthEveryMs, undefined, { ref: false })])
    if (!reports) return
    for (const role of this.roles) if (role.role === "web") role.tell({ kind: "others", reports })
  }

  private get portsFile(): string {
    return join(this.options.loaded.config.dataDir, "run/ports.json")
  }

  /** For the demonstration and the tests: where this system listens, also when the configuration says "any port". */
  private async tellProcesses(ports: Readonly<Record<string, number>>): Promise<void> {
    await writeFile(`${this.portsFile}.new`, `${JSON.stringify(ports)}\n`, { mode: 0o600 })
    await rename(`${this.portsFile}.new`, this.portsFile)
  }
}
