import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { createConnection } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { killNow, until } from "./running-system.ts"
import type { TlsIdentity } from "./tls-identity.ts"

/**
 * Mail servers of other makes: Postfix as it is installed, Exim and OpenSMTPD from their packages unpacked beside it (Debian's packages exclude each other).
 * Each runs in mount and process namespaces of its own, where it finds its users and the DNS of the test; it keeps what it receives in one Maildir, and sends on what it
 * is given by the test. All are ended, and everything they wrote removed, by `stop`.
 */
export interface RealServer {
  /** What it has received, with the header fields it put before it; lines end in LF as it keeps them. */
  received(): Promise<readonly string[]>
  log(): Promise<string>
  stop(): Promise<void>
}

/** Where one listens, and as whom. */
export interface Listener {
  readonly address: string
  /** Absent: it offers no TLS. */
  readonly identity?: TlsIdentity
}

export interface RealServerOptions {
  readonly hostname: string
  readonly listeners: readonly [Listener, ...Listener[]]
  /** Domains that it keeps mail for. */
  readonly domains: readonly string[]
  /** Whom it sends on mail for. */
  readonly client: string
  /** Resolver on port 53. */
  readonly dns: string
}

/** `.ci/run` unpacks them there. */
const unpacked = "/opt/foreign-mail"
const exim = join(unpacked, "usr/sbin/exim4")
const smtpd = join(unpacked, "usr/sbin/smtpd")
const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin`

/** Why they cannot run here, undefined when they can. */
export function foreignServersUnavailable(): string | undefined {
  const hasPostfix = spawnSync("postconf", ["-d", "mail_version"], { env: { PATH: path } }).status === 0
  const missing = [...(hasPostfix ? [] : ["postfix"]), ...[exim, smtpd].filter((program) => !existsSync(program))]
  return missing.length === 0 ? undefined : `no ${missing.join(", ")}: mail with servers of other makes is not tried (.ci/run fetches them)`
}

/** They drop to users that Debian's packages would have made; the numbers are nobody else's. */
const users = { exim: 64_990, smtpd: 64_991, queue: 64_992, keeper: 64_993 }

interface Home {
  readonly dir: string
  readonly file: (name: string) => string
  /** Runs it, after these lines of shell, as the only one that sees them. */
  start(command: readonly string[], mounts?: readonly string[]): ChildProcess
}

async function newHome(dns: string): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-foreign-"))
  await chmod(dir, 0o755)
  const file = (name: string): string => join(dir, name)
  const entries: readonly (readonly [string, number])[] = [["Debian-exim", users.exim], ["opensmtpd", users.smtpd], ["opensmtpq", users.queue], ["thu", users.keeper]]
  const [passwd, group] = await Promise.all([readFile("/etc/passwd", "utf8"), readFile("/etc/group", "utf8")])
  const others = (text: string): string => text.split("\n").filter((line) => line !== "" && !entries.some(([name]) => line.startsWith(`${name}:`))).join("\n")
  await Promise.all([
    writeFile(file("passwd"), `${others(passwd)}\n${entries.map(([name, id]) => `${name}:x:${id}:${id}::/:/usr/sbin/nologin\n`).join("")}`),
    writeFile(file("group"), `${others(group)}\n${entries.map(([name, id]) => `${name}:x:${id}:\n`).join("")}`),
    writeFile(file("resolv.conf"), `nameserver ${dns}\noptions trust-ad\n`),
    writeFile(file("log"), ""),
  ])
  return {
    dir,
    file,
    start(command, mounts = []) {
      const script = [...["passwd", "group", "resolv.conf"].map((name) => `mount --bind ${file(name)} /etc/${name}`), ...mounts, 'exec "$@" >>"$0" 2>&1'].join(" && ")
      return spawn("unshare", ["--mount", "--pid", "--fork", "sh", "-c", script, file("log"), ...command], { env: { PATH: path }, stdio: "ignore" })
    },
  }
}

async function serve(home: Home, child: ChildProcess, { listeners }: RealServerOptions, logName: string): Promise<RealServer> {
  const log = (): Promise<string> => readFile(home.file(logName), "utf8").catch(() => "")
  const ended = once(child, "exit")
  const maildir = home.file("mail/new")
  const stop = async (): Promise<void> => {
    // the first of a process namespace takes all others with it, and unshare ends when it has
    if (child.exitCode === null && child.signalCode === null) killNow(Number(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")))
    await ended
    await rm(home.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`it ended at its start: ${await readFile(home.file("log"), "utf8")}${await log()}`)
      return (await Promise.all(listeners.map(({ address }) => answers(address)))).every(Boolean)
    }, 20_000)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    log,
    stop,
    received: async () => Promise.all((await readdir(maildir).catch(() => [])).map((name) => readFile(join(maildir, name), "latin1"))),
  }
}

const answers = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port: 25 })
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.once("close", () => resolve(false))
    socket.on("connect", () => socket.end("QUIT\r\n"))
  })

async function newMaildir(home: Home, owner: number): Promise<void> {
  for (const name of ["mail", "mail/new", "mail/cur", "mail/tmp"]) {
    await mkdir(home.file(name))
    await chown(home.file(name), owner, owner)
  }
}

/** Key and chain as one file, which only root reads. */
async function writeIdentity(home: Home, name: string, { key, cert }: TlsIdentity): Promise<string> {
  await writeFile(home.file(name), `${key}${cert}`, { mode: 0o600 })
  return home.file(name)
}

export interface PostfixOptions extends RealServerOptions {
  /** Further lines of main.cf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Checks DANE wherever it sends. */
export async function startPostfix(options: PostfixOptions): Promise<RealServer> {
  const { hostname, listeners, domains, client, dns } = options
  const home = await newHome(dns)
  await newMaildir(home, users.keeper)
  await Promise.all([mkdir(home.file("conf")), mkdir(home.file("queue")), mkdir(home.file("data"))])
  spawnSync("chown", ["postfix", home.file("data")])
  const doors = await Promise.all(listeners.map(async ({ address, identity }, at) => {
    const tls = identity ? `-o smtpd_tls_security_level=may -o smtpd_tls_chain_files=${await writeIdentity(home, `tls${at}.pem`, identity)}` : "-o smtpd_tls_security_level=none"
    return `[${address}]:25 inet n - n - - smtpd ${tls}`
  }))
  const unix = (name: string, rest: string): string => `${name} unix ${rest}`
  await writeFile(home.file("conf/master.cf"), [
    ...doors,
    unix("pickup", "n - n 60 1 pickup"), unix("cleanup", "n - n - 0 cleanup"), unix("qmgr", "n - n 300 1 qmgr"), unix("tlsmgr", "- - n 1000? 1 tlsmgr"), unix("rewrite", "- - n - - trivial-rewrite"),
    unix("bounce", "- - n - 0 bounce"), unix("defer", "- - n - 0 bounce"), unix("trace", "- - n - 0 bounce"), unix("flush", "n - n 1000? 0 flush"), unix("proxymap", "- - n - - proxymap"),
    unix("smtp", "- - n - - smtp"), unix("relay", "- - n - - smtp"), unix("error", "- - n - - error"), unix("retry", "- - n - - error"), unix("discard", "- - n - - discard"),
    unix("virtual", "- n n - - virtual"), unix("anvil", "- - n - 1 anvil"), unix("scache", "- - n - 1 scache"), "postlog unix-dgram n - n - 1 postlogd", "",
  ].join("\n"))
  const settings = {
    compatibility_level: "3.6", queue_directory: home.file("queue"), data_directory: home.file("data"), maillog_file: "/dev/stdout", myhostname: hostname, mydestination: "", alias_maps: "", alias_database: "",
    mynetworks: client, inet_interfaces: "all", inet_protocols: "all", smtp_bind_address: listeners[0].address, virtual_mailbox_domains: domains.join(" "), virtual_mailbox_base: home.dir,
    virtual_mailbox_maps: "static:mail/", virtual_uid_maps: `static:${users.keeper}`, virtual_gid_maps: `static:${users.keeper}`, smtpd_relay_restrictions: "permit_mynetworks, reject_unauth_destination",
    smtpd_tls_received_header: "yes", smtp_dns_support_level: "dnssec", smtp_tls_security_level: "dane", smtp_tls_loglevel: "1", smtp_host_lookup: "dns", smtpd_peername_lookup: "no",
    ...options.settings,
  }
  await writeFile(home.file("conf/main.cf"), Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join(""))
  return serve(home, home.start(["postfix", "-c", home.file("conf"), "start-fg"]), options, "log")
}

export interface EximOptions extends RealServerOptions {
  /** Signs what it sends. */
  readonly dkim: { readonly domain: string; readonly selector: string; readonly privateKeyPem: string }
}

/** Checks DKIM of what it receives and DANE wherever it sends. */
export async function startExim(options: EximOptions): Promise<RealServer> {
  const { hostname, listeners: [{ address, identity }], domains, client, dns, dkim } = options
  const home = await newHome(dns)
  await newMaildir(home, users.exim)
  await mkdir(home.file("spool"))
  await chown(home.file("spool"), users.exim, users.exim)
  if (identity) {
    await writeFile(home.file("cert.pem"), identity.cert)
    await writeFile(home.file("key.pem"), identity.key, { mode: 0o600 })
    await chown(home.file("key.pem"), users.exim, users.exim)
  }
  await writeFile(home.file("dkim.pem"), dkim.privateKeyPem, { mode: 0o600 })
  await chown(home.file("dkim.pem"), users.exim, users.exim)
  await writeFile(home.file("exim.conf"), `
primary_hostname = ${hostname}
spool_directory = ${home.file("spool")}
log_file_path = ${home.file("%slog")}
pid_file_path = ${home.file("exim.pid")}
deliver_drop_privilege = true
local_interfaces = ${address}
daemon_smtp_ports = 25
keep_environment =
host_lookup =
dns_dnssec_ok = 1
${identity ? `tls_advertise_hosts = *\ntls_certificate = ${home.file("cert.pem")}\ntls_privatekey = ${home.file("key.pem")}` : "tls_advertise_hosts ="}
log_selector = +tls_cipher +tls_peerdn +dkim_verbose
acl_smtp_rcpt = check_rcpt
acl_smtp_dkim = accept
begin acl
check_rcpt:
  accept domains = ${domains.join(" : ")}
  accept hosts = ${client}
  deny
begin routers
kept:
  driver = accept
  domains = ${domains.join(" : ")}
  transport = maildir
outward:
  driver = dnslookup
  dnssec_request_domains = *
  transport = smtp
begin transports
maildir:
  driver = appendfile
  directory = ${home.file("mail")}
  maildir_format
smtp:
  driver = smtp
  interface = ${address}
  hosts_try_dane = *
  dnssec_request_domains = *
  dkim_domain = ${dkim.domain}
  dkim_selector = ${dkim.selector}
  dkim_private_key = ${home.file("dkim.pem")}
begin retry
* * F,1h,1s
`)
  await chmod(home.file("exim.conf"), 0o644)
  await writeFile(home.file("mainlog"), "")
  await chown(home.file("mainlog"), users.exim, users.exim)
  await writeFile(home.file("paniclog"), "")
  await chown(home.file("paniclog"), users.exim, users.exim)
  return serve(home, home.start([exim, "-bdf", "-q2s", "-C", home.file("exim.conf")]), options, "mainlog")
}

/** Debian's OpenSMTPD cannot serve TLS with the OpenSSL it is linked to (its keys are in another process, by an interface that OpenSSL 3 no longer calls); it sends with TLS. */
export async function startOpenSmtpd(options: RealServerOptions): Promise<RealServer> {
  const { hostname, listeners: [{ address }], domains, client, dns } = options
  const home = await newHome(dns)
  await newMaildir(home, users.keeper)
  await writeFile(home.file("smtpd.conf"), `
listen on ${address} port 25 hostname "${hostname}"
action "kept" maildir "${home.file("mail")}" virtual { "@" = "thu" }
action "outward" relay src ${address} helo "${hostname}"
${domains.map((domain) => `match from any for domain "${domain}" action "kept"`).join("\n")}
match from src ${client} for any action "outward"
`, { mode: 0o600 })
  const mounts = [
    "mount -t tmpfs none /var/spool", "mkdir -m 711 /var/spool/smtpd", "mount -t tmpfs none /var/lib", "mkdir -p /var/lib/opensmtpd/empty", "mount -t tmpfs none /usr/libexec",
    `cp -r ${unpacked}/usr/libexec/opensmtpd /usr/libexec/`, "mount -t tmpfs none /run",
  ]
  return serve(home, home.start([smtpd, "-d", "-f", home.file("smtpd.conf")], mounts), options, "log")
}
