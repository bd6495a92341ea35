import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { freeLoopbackPort } from "./free-port.ts"

/** A real clamd and a real Rspamd, each with a rule or two of its own and nothing from the internet. */
export interface RunningScanner {
  /** `/path/of/socket`, or `http://127.0.0.1:port`. */
  readonly address: string
  stop(): Promise<void>
}

const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin`

export function scannerUnavailable(program: "clamd" | "rspamd"): string | undefined {
  if (spawnSync(program, ["--version"], { env: { PATH: path } }).error === undefined) return undefined
  const reason = `no ${program} on PATH: tests on a real one are skipped (apt-get install ${program === "clamd" ? "clamav-daemon" : "rspamd"})`
  console.warn(reason)
  return reason
}

/** What our clamd calls a virus: made anew, so that no file on any disk is one. */
export const virus = ["CONGTHU", "TEST", "VIRUS", "0123456789"].join("-")

export async function startClamd(maxBytes = 1_000_000): Promise<RunningScanner> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-clamd-"))
  await mkdir(join(dir, "db"))
  // an extended signature: name, any file, anywhere, the bytes
  await writeFile(join(dir, "db", "thu.ndb"), `Congthu.Test:0:*:${Buffer.from(virus).toString("hex")}\n`)
  const address = join(dir, "clamd.sock")
  await writeFile(join(dir, "clamd.conf"), [`LocalSocket ${address}`, `DatabaseDirectory ${join(dir, "db")}`, "Foreground yes", `StreamMaxLength ${maxBytes}`, `TemporaryDirectory ${dir}`, "MaxThreads 2", ""].join("\n"))
  return start("clamd", { args: ["-c", join(dir, "clamd.conf")], dir, address, ready: () => answers({ path: address }) })
}

export async function startRspamd(): Promise<RunningScanner> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-rspamd-"))
  await chmod(dir, 0o755)
  await mkdir(join(dir, "modules"))
  const port = await freeLoopbackPort()
  await writeFile(join(dir, "rspamd.conf"), `
options { disable_hyperscan = true; url_tld = "${dir}/tlds"; pidfile = "${dir}/rspamd.pid"; temp_dir = "${dir}"; hs_cache_dir = "${dir}"; filters = ""; dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; } }
logging { type = "console"; level = "error"; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
modules { path = "${dir}/modules"; }
actions { reject = 15; "add header" = 6; }
group "thu" { symbols = { "THU_RAC" { weight = 7.0; } "RAC_NANG" { weight = 20.0; } } }
lua = "${dir}/rspamd.lua";
`)
  // the list of all top-level domains takes it a quarter of a minute to compile
  await writeFile(join(dir, "tlds"), "example\n")
  await writeFile(join(dir, "rspamd.lua"), `
rspamd_config:register_symbol({ name = "THU_RAC", score = 7.0, callback = function(task) return (task:get_subject() or ""):find("quang cao") ~= nil end })
rspamd_config:register_symbol({ name = "RAC_NANG", score = 20.0, callback = function(task) return (task:get_subject() or ""):find("lua dao") ~= nil and task:get_from_ip():to_string() == "203.0.113.9" end })
`)
  return start("rspamd", { args: ["-f", "--insecure", "-c", join(dir, "rspamd.conf")], dir, address: `http://127.0.0.1:${port}`, ready: () => answers({ host: "127.0.0.1", port }) })
}

const answers = (where: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(where)
    socket.once("connect", () => resolve(true))
    socket.once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })

interface Start {
  readonly args: readonly string[]
  readonly dir: string
  readonly address: string
  readonly ready: () => Promise<boolean>
}

const startWithinMs = 30_000

async function start(program: string, { args, dir, address, ready }: Start): Promise<RunningScanner> {
  const child: ChildProcess = spawn(program, args, { env: { PATH: path }, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)))
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit")
      child.kill("SIGTERM")
      await exited
    }
    await rm(dir, { recursive: true, force: true })
  }
  for (const end = Date.now() + startWithinMs; !(await ready()); ) {
    if (child.exitCode !== null || Date.now() > end) {
      await stop()
      throw new Error(`${program} did not start: ${said}`)
    }
    await wait(50)
  }
  return { address, stop }
}
