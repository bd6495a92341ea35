import { cpus, release, totalmem } from "node:os"

/** On what the figures were measured: without it they mean nothing. */
export function machineDescription(): string {
  const all = cpus()
  return `${all.length} × ${all[0]?.model.trim() ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}, Node ${process.version}`
}
