import { flushCompileCache } from "node:module"
import { join } from "node:path"
import type { Logger } from "pino"
import { systemClock } from "../base/clock.ts"
import { openLog, type ProcessLog } from "../base/log.ts"
import type { Config } from "../config/schema.ts"
import { findDatabaseUrl } from "../store/sql/connect.ts"
import { createHealth, type HealthReport } from "../telemetry/health.ts"
import { createMetrics } from "../telemetry/metrics.ts"
import { startTelemetryServer } from "../telemetry/telemetry-server.ts"
import { newTicketSecret, type TicketSecret } from "../tls/ticket-keys.ts"
import { prepareSchema } from "./prepare.ts"
import { type FromRole, processName, type RoleContext, type RoleName, roleStopMs, type RunningRole, type StartRole, type ToRole } from "./role.ts"

/**
 * One role as a process: under the supervisor (IPC channel: told the database's URL, asked for health, ended by SIGTERM or by the
 * channel's end), or alone by hand or in a container. An exception nobody caught ends the process; its starter restarts it.
 */
const starters: Readonly<Record<RoleName, () => Promise<StartRole>>> = {
  smtp: async () => (await import("./smtp.ts")).startSmtpRole,
  imap: async () => (await import("./imap.ts")).startImapRole,
  web: async () => (await import("./web.ts")).startWebRole,
  worker: async () => (await import("./worker.ts")).startWorkerRole,
}

/** `number`: which of the role's processes under one supervisor; the first is known by the role's name alone. */
export async function runRole(role: RoleName, number: number, config: Config): Promise<void> {
  const name = processName(role, number)
  const supervised = process.connected === true
  const processLog = openLog({ level: config.log.level, name, ...(supervised && { file: join(config.dataDir, "logs", `${name}.log`) }) })
  endOnBugs(processLog)
  const tell = (message: FromRole): void => void (process.connected && process.send?.(message))
  let others: readonly HealthReport[] = []
  const health = createHealth(name, systemClock)
  const metrics = createMetrics(role)
  const reloads: (() => void)[] = []
  const reload = (): void => reloads.forEach((one) => one())
  let running: RunningRole | undefined
  let ending = false
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    // Ctrl-C reaches the whole process group; under the supervisor it is the supervisor that says when
    process.on(signal, () => {
      if (!supervised || signal === "SIGTERM") void end(0)
    })
  }
  if (supervised) process.on("disconnect", () => void end(0))
  process.on("SIGHUP", reload)

  async function startWhenTold(): Promise<RunningRole> {
    const [{ databaseUrl, ticketSecret, ports, sharePorts }, start] = await Promise.all([supervised ? told() : alone(config, processLog.log), starters[role]()])
    const context: RoleContext = {
      config: { ...config, listen: { ...config.listen, ...ports } }, sharePorts, databaseUrl, ticketSecret, onReload: (one) => void reloads.push(one),
      clock: systemClock, log: processLog.log, health, metrics, others: () => others,
    }
    const started = await start(context)
    const telemetry = supervised
      ? undefined
      : await startTelemetryServer({
          host: config.listen.host,
          port: config.listen.metrics,
          health: async () => [await health.report()],
          metrics: async () => [await metrics.snapshot()],
        })
    processLog.log.info({ ports: started.ports, metrics: telemetry?.port }, "ready")
    return {
      ports: started.ports,
      async stop() {
        await telemetry?.close()
        await started.stop()
      },
    }
  }

  /** Resolves when the supervisor says what to start on; questions of the supervisor are answered from the first moment. */
  function told(): Promise<StartFacts> {
    return new Promise((resolve) => {
      process.on("message", (message: ToRole) => {
        if (message.kind === "start") resolve(message)
        else if (message.kind === "others") others = message.reports
        else if (message.kind === "reload") reload()
        else if (message.kind === "tellHealth") void health.report().then((report) => tell({ kind: "health", id: message.id, report }))
        else void metrics.snapshot().then((snapshot) => tell({ kind: "metrics", id: message.id, snapshot }))
      })
    })
  }

  async function end(code: number): Promise<void> {
    if (ending) return
    ending = true
    setTimeout(() => {
      processLog.log.warn("did not stop in time")
      processLog.flush()
      process.exit(1)
    }, roleStopMs - 500).unref()
    // a role that has not started has nothing to hand back
    await running?.stop().catch((error: unknown) => processLog.log.error({ err: error }, "an error while stopping"))
    processLog.log.info("stopped")
    processLog.flush()
    process.exit(code)
  }

  try {
    running = await startWhenTold()
    // by itself it would be written at the end, where it holds up the first stop
    flushCompileCache()
    tell({ kind: "ready", ports: running.ports })
  } catch (error) {
    processLog.log.fatal({ err: error }, "could not start")
    processLog.flush()
    tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) })
    // the message is on its way when the channel has drained
    if (process.connected) process.disconnect()
    process.exitCode = 1
    setTimeout(() => process.exit(1), 200)
  }
}

interface StartFacts {
  readonly databaseUrl: string
  readonly ticketSecret: TicketSecret
  readonly ports: Readonly<Record<string, number>>
  readonly sharePorts: boolean
}

async function alone(config: Config, log: Logger): Promise<StartFacts> {
  const url = findDatabaseUrl(config)
  if (url === undefined) throw new Error("a role that runs alone needs database.url (DATABASE_URL), or a system running on the same data folder")
  await prepareSchema(url, log)
  return { databaseUrl: url, ticketSecret: newTicketSecret(systemClock.now()), ports: {}, sharePorts: false }
}

function endOnBugs({ log, flush }: ProcessLog): void {
  const end = (error: unknown, message: string): void => {
    log.fatal({ err: error }, message)
    flush()
    process.exit(70)
  }
  process.on("uncaughtException", (error) => end(error, "an exception nobody caught"))
  process.on("unhandledRejection", (error) => end(error, "a rejection nobody handled"))
}
