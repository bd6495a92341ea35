import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { createTransport } from "nodemailer"
import { describeProblems, loadConfig } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { type DemoLogin, readDemoLogins } from "../roles/screen.ts"
import { composeMessage, type DemoMessage } from "./message.ts"
import { openReader, type Reader } from "./reader.ts"
import { tellStory } from "./tell-story.ts"

/**
 * `npm run demo`, beside the running system: one official submits a message with an attachment to a colleague and to the shared
 * office account, both read it over IMAP, and the message's story is told. Uses the ports as any mail client would.
 */
interface Stage {
  readonly config: Config
  readonly ports: Readonly<Record<string, number>>
  readonly ca: string
  readonly sender: DemoLogin
  readonly colleague: DemoLogin
  readonly office: DemoLogin
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { config: { type: "string" }, "data-dir": { type: "string" } } })
  const loaded = loadConfig({ file: values.config, dataDir: values["data-dir"] })
  if (!loaded.ok) return complain(describeProblems(loaded.failure))
  const stage = await setStage(loaded.value.config)
  if (typeof stage === "string") return complain(stage)
  return play(stage)
}

async function setStage(config: Config): Promise<Stage | string> {
  const running = await readRunning(config)
  if (running === undefined) return `no system is running on ${config.dataDir}: start one with npm start`
  const [sender, colleague, office] = await readDemoLogins(config.dataDir)
  if (!sender || !colleague || !office) return `${config.dataDir} has no demo logins: they are made at the first start on an empty data folder`
  return { config, ...running, sender, colleague, office }
}

async function readRunning({ dataDir }: Config): Promise<Pick<Stage, "ports" | "ca"> | undefined> {
  try {
    const [ports, ca] = await Promise.all([readFile(join(dataDir, "run/ports.json"), "utf8"), readFile(join(dataDir, "pki/ca.pem"), "utf8")])
    return { ports: JSON.parse(ports) as Record<string, number>, ca }
  } catch {
    return undefined
  }
}

async function play(stage: Stage): Promise<number> {
  const { config, sender, colleague, office } = stage
  const message = await composeMessage({ sender: sender.address, colleague: colleague.address, office: office.address }, config.hostname)
  const readers = await Promise.all([colleague, office].map((login) => openMailClient(stage, login)))
  try {
    say(`  ${sender.label} <${sender.address}> gửi (sends) "${message.subject}", ${(message.raw.length / 1024).toFixed(0)} KiB`)
    const reply = await submit(stage, message)
    say(`  máy chủ (server): ${reply}`)
    const same = await Promise.all(readers.map((reader) => readAndCompare(reader, message)))
    say("")
    await tellStory(config, message.messageId, say)
    return same.every(Boolean) ? 0 : 1
  } finally {
    await Promise.all(readers.map((reader) => reader.close()))
  }
}

const host = ({ listen }: Config): string => (listen.host === "0.0.0.0" || listen.host === "::" ? "127.0.0.1" : listen.host)

const openMailClient = ({ config, ports, ca }: Stage, { address, password }: DemoLogin): Promise<Reader> => openReader({ host: host(config), port: ports["imaps"] ?? 0, ca, address, password })

/** RFC 6409 over STARTTLS, with the sender's password. Resolves with the server's last reply. */
async function submit({ config, ports, ca, sender, colleague, office }: Stage, message: DemoMessage): Promise<string> {
  const transport = createTransport({
    host: host(config),
    port: ports["submission"] ?? 0,
    requireTLS: true,
    tls: { ca, servername: "localhost" },
    auth: { user: sender.address, pass: sender.password },
  })
  try {
    const sent = await transport.sendMail({ envelope: { from: sender.address, to: [colleague.address, office.address] }, raw: message.raw })
    return sent.response
  } finally {
    transport.close()
  }
}

/** The bytes read are the bytes sent, behind the trace fields that every server puts before them (RFC 5321 §4.4). */
async function readAndCompare(reader: Reader, message: DemoMessage): Promise<boolean> {
  const { uid, source, attachmentNames } = await reader.read(message.messageId)
  const same = source.subarray(-message.raw.length).equals(message.raw)
  const named = attachmentNames.includes(message.attachmentName)
  say(`  ${reader.address} đọc (reads) UID ${uid}: ${same ? "đúng từng byte (same bytes)" : "KHÁC (bytes differ)"}, ${named ? message.attachmentName : `tên tệp sai (wrong file name): ${attachmentNames.join(", ")}`}`)
  return same && named
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function complain(text: string): number {
  process.stderr.write(`demo: ${text}\n`)
  return 1
}

process.exitCode = await main()
