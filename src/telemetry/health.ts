import type { Clock } from "../base/clock.ts"
import { healthText, said, type Said } from "./health-words.ts"

/** Whether this process can do its work, part by part. Must not know: who asks, how it is shown. */
export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  /** `said` in English, safe to show to an administrator. */
  readonly detail: string
  /** Absent in what another version of the program says. */
  readonly said?: readonly Said[]
  /** All is well, but somebody should do something about it. */
  readonly warning?: true
}

/** What a probe says when that is so. */
export interface HealthWarning {
  readonly warning: readonly Said[]
}

/** What a probe throws when all is not well. */
export class HealthFault extends Error {
  readonly said: readonly Said[]
  constructor(...all: readonly Said[]) {
    super(inEnglish(all))
    this.said = all
  }
}

export interface HealthReport {
  readonly role: string
  readonly ok: boolean
  readonly since: number
  readonly checks: readonly HealthCheck[]
}

export interface Health {
  readonly role: string
  /** `probe` resolves with what there is to say when all is well, or is for now, and throws when it is not. */
  add(name: string, probe: Probe): void
  report(): Promise<HealthReport>
}

type Probe = () => Promise<readonly Said[] | HealthWarning>

const patienceMs = 2_000

export function createHealth(role: string, clock: Clock): Health {
  const probes = new Map<string, Probe>()
  const since = clock.now()
  return {
    role,
    add: (name, probe) => void probes.set(name, probe),
    async report() {
      const checks = await Promise.all([...probes].map(([name, probe]) => check(name, probe)))
      return { role, ok: checks.every((one) => one.ok), since, checks }
    },
  }
}

/** Of a process that could not be asked. */
export const downReport = (role: string, phrase: Said["phrase"], since: number): HealthReport => ({ role, ok: false, since, checks: [checkOf("process", false, [said(phrase)])] })

const inEnglish = (all: readonly Said[]): string => healthText(all, "en") ?? ""

const checkOf = (name: string, ok: boolean, all: readonly Said[]): HealthCheck => ({ name, ok, detail: inEnglish(all), said: all })

async function check(name: string, probe: Probe): Promise<HealthCheck> {
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HealthFault(said("slow", { seconds: patienceMs / 1000 }))), patienceMs)
  })
  try {
    const told = await Promise.race([probe(), tooSlow])
    return "warning" in told ? { ...checkOf(name, true, told.warning), warning: true } : checkOf(name, true, told)
  } catch (error) {
    return checkOf(name, false, error instanceof HealthFault ? error.said : [said("fault", { reason: error instanceof Error ? error.message : String(error) })])
  } finally {
    clearTimeout(timer)
  }
}
