import type { HealthReport } from "../telemetry/health.ts"

const patienceMs = 2_000
const maxBytes = 64 * 1024

/** Asks the roles that run elsewhere how they are: `role=http://host:port/health` each. */
export function watchRoles(addresses: readonly string[]): () => Promise<HealthReport[]> {
  const watched = addresses.map((text) => {
    const [role = "", url = ""] = [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]
    return { role, url }
  })
  return () => Promise.all(watched.map(({ role, url }) => ask(role, url)))
}

async function ask(role: string, url: string): Promise<HealthReport> {
  const down = (detail: string): HealthReport => ({ role, ok: false, since: 0, checks: [{ name: "process", ok: false, detail }] })
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: "error" })
    const text = await response.text()
    if (text.length > maxBytes) return down("its answer is too long")
    const { roles } = JSON.parse(text) as { readonly roles?: readonly HealthReport[] }
    return roles?.find((report) => report.role === role) ?? down("does not speak of this role")
  } catch {
    return down("does not answer")
  }
}
