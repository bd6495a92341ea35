import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { LdapServer } from "../../src/addressbook/ldap-directory.ts"
import { randomId } from "../../src/base/id.ts"
import { freeLoopbackPort } from "./free-port.ts"
import { testTls } from "./test-tls.ts"

/** A real OpenLDAP, started by the script that the container runs, with a database of its own. */
export interface Slapd {
  readonly server: LdapServer
  readonly caFile: string
  readonly passwordFile: string
  readonly reader: { readonly dn: string; readonly password: string }
  /** Where StartTLS is demanded. */
  readonly plainUrl: string
  /** `ldapsearch` as the reader, in LDIF. */
  search(filter: string, ...attributes: readonly string[]): Promise<string>
  /** The same with a connection of the caller's choice; rejects with what it said. */
  run(program: "ldapsearch" | "ldapmodify" | "ldapdelete", args: readonly string[]): Promise<string>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP: connections are taken by the kernel, and nothing is answered. */
  pause(): void
  resume(): void
  /** Starts again on the same port and database; nothing while it runs. */
  start(): Promise<void>
  /** Taken at the next start. */
  setReaderPassword(password: string): void
  stop(): Promise<void>
}

/** Why tests on it cannot run here, undefined when they can. */
export const slapdUnavailable = (): string | undefined => {
  if (spawnSync("ldapsearch", ["-VV"]).error === undefined && spawnSync("slapd", ["-VV"]).error === undefined) return undefined
  const reason = "no slapd or ldapsearch on PATH: tests of the LDAP address book are skipped (apt-get install slapd ldap-utils)"
  console.warn(reason)
  return reason
}

const startScript = fileURLToPath(new URL("../../config/ldap/start-slapd.sh", import.meta.url))
const baseDn = "dc=tinh,dc=example"
const exec = promisify(execFile)

export async function startSlapd({ anonymous = false }: { readonly anonymous?: boolean } = {}): Promise<Slapd> {
  const dir = await mkdtemp(join(await quickFolder(), "congthu-slapd-"))
  const [tls, port, plainPort] = [await testTls("localhost", "127.0.0.1"), await freeLoopbackPort(), await freeLoopbackPort()]
  const file = (name: string): string => join(dir, name)
  const [syncPassword, readerPassword] = [randomId(), randomId()]
  await Promise.all(Object.entries({ "ca.pem": tls.ca, "server.pem": tls.cert, "server.key": tls.key, sync: `${syncPassword}\n`, reader: readerPassword }).map(([name, text]) => writeFile(file(name), text, { mode: 0o600 })))
  const url = `ldaps://127.0.0.1:${port}`
  const environment = {
    PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin`,
    LDAP_BASE_DN: baseDn, LDAP_SYNC_PASSWORD_FILE: file("sync"), LDAP_READER_PASSWORD_FILE: file("reader"), LDAP_TLS_CERTIFICATE: file("server.pem"), LDAP_TLS_KEY: file("server.key"),
    LDAP_DATA_DIR: file("data"), LDAP_RUN_DIR: file("run"), LDAP_URLS: `ldaps://127.0.0.1:${port} ldap://127.0.0.1:${plainPort}`, ...(anonymous && { LDAP_ANONYMOUS: "read" }),
  }
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    if (child) return
    const started = spawn(startScript, [], { env: environment, stdio: ["ignore", "ignore", "pipe"] })
    let said = ""
    started.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
    child = started
    while (!(await listens(port))) {
      if (started.exitCode !== null) throw new Error(`slapd ended at its start: ${said}`)
      await wait(20)
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, "exit")
    running.kill(signal)
    await exited
  }
  const run: Slapd["run"] = (program, args) =>
    exec(program, args, { env: { ...environment, LDAPTLS_CACERT: file("ca.pem") }, timeout: 20_000, maxBuffer: 64 << 20 }).then(
      ({ stdout }) => stdout,
      (error: Error & { stderr?: string }) => Promise.reject(new Error(error.stderr ?? error.message)),
    )
  await start()
  const reader = { dn: `cn=reader,${baseDn}`, password: readerPassword }
  return {
    server: { url, serverName: "localhost", ca: tls.ca, bindDn: `cn=sync,${baseDn}`, bindPassword: syncPassword, baseDn },
    caFile: file("ca.pem"),
    passwordFile: file("sync"),
    reader,
    plainUrl: `ldap://127.0.0.1:${plainPort}`,
    search: (filter, ...attributes) => run("ldapsearch", ["-x", "-LLL", "-o", "ldif-wrap=no", "-H", url, "-D", reader.dn, "-w", reader.password, "-b", baseDn, filter, ...attributes]),
    run,
    start,
    kill: () => end("SIGKILL"),
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    setReaderPassword: (password) => writeFileSync(file("reader"), password),
    async stop() {
      await end("SIGTERM")
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** In memory where there is room: slapd waits for the disk after each of 3,000 entries, and only a machine that fails would tell. */
async function quickFolder(): Promise<string> {
  const memory = await statfs("/dev/shm").catch(() => undefined)
  return memory && memory.bavail * memory.bsize > neededBytes ? "/dev/shm" : tmpdir()
}

const neededBytes = 512 * 1024 * 1024

const listens = async (port: number): Promise<boolean> => {
  const socket = connect(port, "127.0.0.1")
  try {
    await once(socket, "connect")
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
