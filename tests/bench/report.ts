import type { BenchCase, Figure } from "./bench-case.ts"
import type { Usage } from "./meter.ts"
import { median } from "./samples.ts"

/** One line for each test: medians of its runs, the peer's figure and the ratio behind each where there is one. */
export interface CaseRuns {
  readonly figures: readonly (readonly Figure[])[]
  readonly usages: readonly Usage[]
}

export function reportLine(bench: BenchCase, ours: CaseRuns, peer: CaseRuns | undefined): string {
  const peers = new Map(medians(peer?.figures ?? []).map((figure) => [figure.name, figure.value]))
  const figures = medians(ours.figures).map((figure) => {
    const other = peers.get(figure.name)
    // above 1 is better, whichever way the figure itself goes
    const ratio = other === undefined ? undefined : figure.better === "more" ? figure.value / other : other / figure.value
    return `${figure.name} ${shown(figure.value)}${figure.unit === "/s" ? "" : " "}${figure.unit}${ratio === undefined ? "" : ` (peer ${shown(other ?? 0)}, ${ratio.toFixed(2)}×)`}`
  })
  return `${bench.name.padEnd(14)}${figures.join(" · ")}${usageText("CPU each", ours.usages)}${usageText("peer's", peer?.usages ?? [])}`
}

/** Over the runs, of each figure of the first one. */
const medians = (runs: readonly (readonly Figure[])[]): Figure[] =>
  (runs[0] ?? []).map((figure) => ({ ...figure, value: median(runs.flatMap((run) => run.filter(({ name }) => name === figure.name).map(({ value }) => value))) }))

function usageText(label: string, usages: readonly Usage[]): string {
  const roles = [...new Set(usages.flatMap(({ cpuMsByRole }) => [...cpuMsByRole.keys()]))]
  const each = roles.map((role) => [role, median(usages.map(({ cpuMsByRole }) => cpuMsByRole.get(role) ?? 0))] as const).filter(([, ms]) => ms >= 0.005)
  if (each.length === 0) return ""
  const noise = median(usages.map(({ noiseCores }) => noiseCores ?? 0))
  const sum = each.reduce((all, [, ms]) => all + ms, 0)
  return ` · ${label} ${sum.toFixed(2)} ms (${each.map(([role, ms]) => `${role} ${ms.toFixed(2)}`).join(", ")}) · others used ${Math.max(0, noise).toFixed(2)} cores`
}

const shown = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))
