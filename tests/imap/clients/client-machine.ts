import { execFile, execFileSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import tls from "node:tls"
import type { ImapWorld } from "../../support/imap-world.ts"

/** A home folder on which mail programs are run against a test server, with the server's certificates as their trust. */
export interface ClientMachine {
  readonly dir: string
  readonly caFile: string
  write(name: string, text: string): Promise<string>
  /** What the program printed; fails with it when the program fails. */
  run(program: string, args: readonly string[]): Promise<string>
  remove(): Promise<void>
}

export const createClientMachine = async (world: ImapWorld): Promise<ClientMachine> => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-client-"))
  const caFile = join(dir, "ca.pem")
  await writeFile(caFile, await certificatesOf(world.server.ports.imaps))
  return {
    dir,
    caFile,
    async write(name, text) {
      await writeFile(join(dir, name), text)
      return join(dir, name)
    },
    run: (program, args) =>
      new Promise((resolve, reject) => {
        execFile(program, args, { timeout: 25_000, cwd: dir, env: { ...process.env, HOME: dir, TERM: "xterm" } }, (error, stdout, stderr) => {
          if (error) reject(new Error(`${program}: ${error.message}\n${stdout}\n${stderr}`))
          else resolve(stdout)
        })
      }),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

/** False, with the reason for the test's title, when the program is not on this machine. */
export const installed = (program: string): boolean => {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

const certificatesOf = async (port: number): Promise<string> => {
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false })
  await once(socket, "secureConnect")
  const leaf = socket.getPeerCertificate(true)
  socket.destroy()
  return [leaf.raw, leaf.issuerCertificate.raw].map((der) => `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`).join("")
}
