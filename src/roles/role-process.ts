import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import type { Logger } from "pino"
import { downReport, type HealthReport } from "../telemetry/health.ts"
import type { MetricSnapshot } from "../telemetry/metrics.ts"
import type { TicketSecret } from "../tls/ticket-keys.ts"
import { type FromRole, nodeArguments, processName, type RoleName, roleStopMs, type ToRole } from "./role.ts"

/**
 * The supervisor's side of one role: keeps a process of it running, with a growing pause between quick deaths, and asks it how it
 * is. The process is started at once and told the database's URL when there is one, so that modules load meanwhile.
 */
export interface RoleProcessOptions {
  readonly role: RoleName
  /** Which of the role's processes, from 1. */
  readonly number: number
  /** Whether there are others, on the same ports. */
  readonly sharePorts: boolean
  /** Where to listen, for all but the first. */
  readonly ports?: Readonly<Record<string, number>>
  /** Arguments of the role's process after the script. */
  readonly args: readonly string[]
  readonly script: string
  readonly environment: NodeJS.ProcessEnv
  readonly log: Logger
  readonly now: () => number
  /** Of now, the same for all processes. */
  readonly ticketSecret: () => TicketSecret
}

const firstPauseMs = 100
const longestPauseMs = 10_000
/** A process that served this long did not die of its start. */
const steadyMs = 3_000
const answerMs = 3_000

/** Said of one that could not be asked. */
const processPhrases = { starting: "processStarting", ready: "processSilent", pausing: "processPausing", stopped: "processStopped" } as const

export class RoleProcess {
  readonly role: RoleName
  readonly name: string
  ports: Readonly<Record<string, number>>
  restarts = 0
  private readonly options: RoleProcessOptions
  private child: ChildProcess | undefined
  private databaseUrl: string | undefined
  private state: "starting" | "ready" | "pausing" | "stopped" = "starting"
  private pauseMs = firstPauseMs
  private timer: NodeJS.Timeout | undefined
  private nextQuestion = 0
  private readonly questions = new Map<number, (answer: FromRole | undefined) => void>()
  private readonly firstReady = Promise.withResolvers<void>()

  constructor(options: RoleProcessOptions) {
    this.options = options
    this.role = options.role
    this.name = processName(options.role, options.number)
    this.ports = options.ports ?? {}
    this.firstReady.promise.catch(() => undefined)
    this.launch()
  }

  /** Resolves when it first serves; rejects with the reason when its first process could not start. */
  get ready(): Promise<void> {
    return this.firstReady.promise
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  start(databaseUrl: string): void {
    this.databaseUrl = databaseUrl
    // where it listened before, it listens again, also when the configuration says "any port"
    this.tell({ kind: "start", databaseUrl, ticketSecret: this.options.ticketSecret(), ports: this.ports, sharePorts: this.options.sharePorts })
  }

  tell(message: ToRole): void {
    // a channel that has just closed is the exit event's business
    if (this.child?.connected) this.child.send(message, () => undefined)
  }

  async health(): Promise<HealthReport> {
    const answer = this.state === "ready" ? await this.ask((id) => ({ kind: "tellHealth", id })) : undefined
    if (answer?.kind === "health") return answer.report
    return downReport(this.name, processPhrases[this.state], this.options.now())
  }

  async metrics(): Promise<MetricSnapshot> {
    const answer = this.state === "ready" ? await this.ask((id) => ({ kind: "tellMetrics", id })) : undefined
    return answer?.kind === "metrics" ? answer.snapshot : []
  }

  /** SIGTERM, and SIGKILL when it does not end in time. Resolves when no process is left. */
  async stop(): Promise<void> {
    this.state = "stopped"
    clearTimeout(this.timer)
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
    child.kill("SIGTERM")
    const impatience = setTimeout(() => child.kill("SIGKILL"), roleStopMs)
    await exited
    clearTimeout(impatience)
  }

  private launch(): void {
    const { script, args, environment, log, now, role, number } = this.options
    const { name } = this
    this.state = "starting"
    const startedAt = now()
    const child = spawn(process.execPath, [...(nodeArguments[role] ?? []), script, ...args, "--role", role, ...(number > 1 ? ["--number", String(number)] : [])], { stdio: ["ignore", "pipe", "pipe", "ipc"], env: environment })
    this.child = child
    // whatever the runtime itself says (a crash, a warning); the role's own log is a file
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on("line", (line) => log.warn({ role: name, line }, "output"))
    child.on("message", (message) => this.hear(message as FromRole))
    child.once("error", (error) => {
      log.error({ role: name, err: error }, "could not be started")
      this.ended(now() - startedAt)
    })
    child.once("exit", (code, signal) => {
      if (this.state === "stopped") log.info({ role: name, code, signal }, "stopped")
      else log.error({ role: name, code, signal }, "ended")
      this.ended(now() - startedAt)
    })
    if (this.databaseUrl !== undefined) this.start(this.databaseUrl)
  }

  private hear(message: FromRole): void {
    if (message.kind === "ready") {
      this.state = "ready"
      this.ports = message.ports
      this.options.log.info({ role: this.name, rolePid: this.pid, ports: message.ports }, "ready")
      this.firstReady.resolve()
    } else if (message.kind === "failed") {
      this.firstReady.reject(new Error(`${this.name}: ${message.reason}`))
    } else {
      this.questions.get(message.id)?.(message)
      this.questions.delete(message.id)
    }
  }

  private ask(question: (id: number) => ToRole): Promise<FromRole | undefined> {
    const id = this.nextQuestion++
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.questions.delete(id)
        resolve(undefined)
      }, answerMs)
      this.questions.set(id, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      this.tell(question(id))
    })
  }

  private ended(ranMs: number): void {
    if (this.state === "pausing") return
    for (const answer of this.questions.values()) answer(undefined)
    this.questions.clear()
    if (this.state === "stopped") return
    this.state = "pausing"
    this.firstReady.reject(new Error(`${this.name}: its process ended before it was ready; see the log`))
    this.pauseMs = ranMs > steadyMs ? firstPauseMs : Math.min(this.pauseMs * 2, longestPauseMs)
    this.timer = setTimeout(() => {
      this.restarts++
      this.launch()
    }, this.pauseMs)
  }
}
