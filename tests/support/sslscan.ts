import { execFile, spawnSync } from "node:child_process"
import { promisify } from "node:util"

export const hasSslscan = spawnSync("sslscan", ["--version"]).status === 0

/** What a scanner finds at a door. */
export interface Scan {
  /** "TLSv1.2" and the like, that the server speaks. */
  readonly protocols: readonly string[]
  readonly ciphers: readonly string[]
  /** Renegotiation, compression, Heartbleed: what must not be there. */
  readonly weaknesses: readonly string[]
}

export type DoorKind = "tls" | "smtp" | "imap"

export async function sslscan(port: number, kind: DoorKind): Promise<Scan> {
  const how = kind === "tls" ? [] : [`--starttls-${kind}`]
  const { stdout: xml } = await promisify(execFile)("sslscan", ["--xml=-", "--no-colour", ...how, `127.0.0.1:${port}`], { timeout: 60_000 })
  const elements = (name: string): readonly Readonly<Record<string, string>>[] =>
    [...xml.matchAll(new RegExp(`<${name} ([^>]*)/>`, "g"))].map(([, attributes = ""]) => Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value])))
  const marked = (name: string, key: string): readonly string[] => elements(name).flatMap((found) => (found[key] === "1" ? [name] : []))
  return {
    protocols: elements("protocol").flatMap(({ type, version, enabled }) => (enabled === "1" ? [`${type}${version}`] : [])),
    ciphers: elements("cipher").flatMap(({ cipher }) => cipher ?? []),
    weaknesses: [...marked("renegotiation", "supported"), ...marked("compression", "supported"), ...marked("heartbleed", "vulnerable")],
  }
}
