import { Presets, SingleBar } from "cli-progress"

/** A bar on a terminal; a line at each tenth where lines are kept. */
export interface Progress {
  update(done: number, total: number): void
  stop(): void
}

export function createProgress(what: string): Progress {
  if (!process.stderr.isTTY) return createLines(what)
  const bar = new SingleBar({ format: `${what} {bar} {percentage}% | {value}/{total} | {eta_formatted}`, hideCursor: true, stream: process.stderr }, Presets.shades_classic)
  let started = false
  return {
    update(done, total) {
      if (!started) bar.start(total, done)
      else bar.update(done)
      started = true
    },
    stop: () => started && bar.stop(),
  }
}

function createLines(what: string): Progress {
  let tenths = 0
  return {
    update(done, total) {
      const now = Math.floor((done * 10) / total)
      if (now === tenths) return
      tenths = now
      process.stderr.write(`${what} ${done}/${total}\n`)
    },
    stop: () => undefined,
  }
}
