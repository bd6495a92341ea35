import { downReport, type HealthReport } from "../telemetry/health.ts"
import type { Said } from "../telemetry/health-words.ts"

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
  const down = (phrase: Said["phrase"]): HealthReport => downReport(role, phrase, 0)
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: "error" })
    const text = await response.text()
    if (text.length > maxBytes) return down("processTooLong")
    const { roles } = JSON.parse(text) as { readonly roles?: readonly HealthReport[] }
    return roles?.find((report) => report.role === role) ?? down("processOther")
  } catch {
    return down("processSilent")
  }
}
