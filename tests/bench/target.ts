import { execFileSync } from "node:child_process"
import type { App } from "../../src/app.ts"
import type { SigningKeys } from "./certificates.ts"
import { ImapClient } from "./imap-client.ts"
import type { NotifyTarget } from "./notify-target.ts"
import type { Province } from "./province.ts"
import type { Sink } from "./sink.ts"
import { SmtpClient } from "./smtp-client.ts"

/** A server under test and its bench users, numbered from 1. */
export interface Target {
  readonly name: string
  readonly host: string
  readonly ports: { readonly smtp: number; readonly submission: number; readonly imaps: number }
  readonly users: UserPattern
  /** Of users whose certificates are registered; undefined: of none. */
  readonly signingKeys?: SigningKeys
  /** Its seeded province and who signs in to the console; undefined: it has the bench users. */
  readonly province?: Province
  /** Where all its mail to others goes; undefined: it goes out into the world. */
  readonly sink?: Pick<Sink, "counts">
  /** What its role `smtp` stands on, opened in this process; undefined: not ours to open. */
  openRoleApp?(): Promise<App>
  /** What notifications are measured with; undefined: it sends none. */
  openNotifications?(): Promise<NotifyTarget>
  /** The longest delay of a role's event loop since it was last asked for, ms, as its metrics tell; undefined when they do not. */
  loopDelayMs?(role: string): Promise<number | undefined>
  /** Waits until nothing accepted is still on its way. */
  settled(): Promise<void>
  /** CPU seconds used so far, by role; empty when unknown. */
  cpuSeconds(): ReadonlyMap<string, number>
  /** KiB of memory, by role; empty when unknown. */
  memoryKiB(): ReadonlyMap<string, number>
  /** Bytes on disk; undefined when unknown. */
  diskBytes(): DiskUse | undefined
}

export interface DiskUse {
  readonly data: number
  /** Write-ahead log: written in whole segments that are used again after a checkpoint, so it says nothing about one message. */
  readonly log: number
}

/** `%04d` in both stands for the number. */
export interface UserPattern {
  readonly address: string
  readonly password: string
}

export const benchUsers = 3000
/** The first so many have certificates. */
export const benchSigners = 20
export const outsider = "bench@sender.example"

const numbered = (pattern: string, number: number): string => pattern.replace(/%0?(\d*)d/, (_, width: string) => String(number).padStart(Number(width), "0"))

export const addressOf = ({ users }: Pick<Target, "users">, number: number): string => numbered(users.address, number)
export const passwordOf = ({ users }: Pick<Target, "users">, number: number): string => numbered(users.password, number)

/** A signed-in IMAP session of one bench user. */
export async function openMailbox(target: Target, number: number): Promise<ImapClient> {
  const client = await ImapClient.open({ host: target.host, port: target.ports.imaps })
  await client.login(addressOf(target, number), passwordOf(target, number))
  return client
}

/** A connection as another server's. */
export const openRelay = (target: Target): Promise<SmtpClient> => SmtpClient.open({ host: target.host, port: target.ports.smtp })

/** A signed-in submission session of one bench user. */
export const openSubmission = (target: Target, number: number): Promise<SmtpClient> =>
  SmtpClient.open({ host: target.host, port: target.ports.submission, login: { username: addressOf(target, number), password: passwordOf(target, number) } })

/** Disk use of a folder by du(1), the write-ahead log apart. */
export function diskUseOf(dir: string): DiskUse {
  const du = (...args: readonly string[]): number => Number(execFileSync("du", ["-s", "-B1", ...args], { encoding: "utf8" }).split(/\s/, 1)[0])
  const data = du("--exclude=pg_wal", dir)
  return { data, log: du(dir) - data }
}
