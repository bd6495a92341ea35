import type { Clock } from "../base/clock.ts"

/** Whether this process can do its work, part by part. Must not know: who asks, how it is shown. */
export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  /** One short English phrase, safe to show to an administrator. */
  readonly detail: string
  /** All is well, but somebody should do something about it. */
  readonly warning?: true
}

/** What a probe says when that is so. */
export interface HealthWarning {
  readonly warning: string
}

export interface HealthReport {
  readonly role: string
  readonly ok: boolean
  readonly since: number
  readonly checks: readonly HealthCheck[]
}

export interface Health {
  readonly role: string
  /** `probe` resolves with a phrase when all is well, or is for now, and throws when it is not. */
  add(name: string, probe: Probe): void
  report(): Promise<HealthReport>
}

type Probe = () => Promise<string | HealthWarning>

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

async function check(name: string, probe: Probe): Promise<HealthCheck> {
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs)
  })
  try {
    const said = await Promise.race([probe(), tooSlow])
    return typeof said === "string" ? { name, ok: true, detail: said } : { name, ok: true, detail: said.warning, warning: true }
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
