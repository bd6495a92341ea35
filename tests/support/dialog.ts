import { readFileSync } from "node:fs"
import type { ImapClient } from "./imap-client.ts"
import { type ImapWorld, password } from "./imap-world.ts"

/**
 * IMAP transcripts of one or more connections. `#` starts a comment line, `== title` a dialog.
 *   OPEN 1 an@tinh.example   connection 1, over TLS, signed in; `OPEN 1` only connects over TLS, `OPEN 1 clear` without
 *   C1: text                 the client sends the line and CRLF; `\r \n \0 \t \\ \xHH` are escapes
 *   C1> text                 sent exactly, without CRLF
 *   S1: * 4 EXPUNGE          the server's next line is exactly this; `…` stands for any text
 *   S1.. a1 OK…              lines are skipped up to this one
 *   TLS 1                    the client starts the TLS handshake
 *   CLOSED 1                 the server has closed, and said nothing more
 *   DELIVER address subject  a message is delivered to the account's INBOX
 * `${password}` and `${app address}` are replaced. A line ends at " # ", which begins a comment.
 */
export interface Dialog {
  readonly title: string
  readonly steps: readonly { readonly line: number; readonly text: string }[]
}

export function readDialogs(file: string): Dialog[] {
  const dialogs: { title: string; steps: { line: number; text: string }[] }[] = []
  for (const [index, raw] of readFileSync(file, "utf8").split("\n").entries()) {
    const text = raw.replace(/\s+# .*$/, "")
    if (text.trim() === "" || text.startsWith("#")) continue
    if (text.startsWith("== ")) dialogs.push({ title: text.slice(3), steps: [] })
    else dialogs.at(-1)?.steps.push({ line: index + 1, text })
  }
  return dialogs
}

/** Plays a dialog; throws where the server says something else. */
export async function playDialog(world: ImapWorld, dialog: Dialog): Promise<void> {
  const clients = new Map<string, ImapClient>()
  const client = (name: string): ImapClient => {
    const found = clients.get(name)
    if (!found) throw new Error(`connection ${name} is not open`)
    return found
  }
  try {
    for (const { line, text } of dialog.steps) {
      try {
        await playStep(world, { text, clients, client })
      } catch (error) {
        throw new Error(`line ${line}: ${text}\n${String(error)}`, { cause: error })
      }
    }
  } finally {
    for (const each of clients.values()) each.destroy()
  }
}

interface Stage {
  readonly text: string
  readonly clients: Map<string, ImapClient>
  client(name: string): ImapClient
}

async function playStep(world: ImapWorld, { text, clients, client }: Stage): Promise<void> {
  const [, sends, exact, words = ""] = /^C(\w)(:|>) ?(.*)$/.exec(text) ?? []
  if (sends !== undefined) return client(sends).send(Buffer.concat([bytesOf(filled(world, words)), Buffer.from(exact === ":" ? "\r\n" : "")]))
  const [, says, skips, expected = ""] = /^S(\w)(:|\.\.) (.*)$/.exec(text) ?? []
  if (says !== undefined) return expectLine(client(says), expected, skips === "..")
  const [verb, name = "", ...rest] = text.split(" ")
  if (verb === "OPEN") clients.set(name, await opened(world, rest[0]))
  else if (verb === "TLS") await client(name).startTls()
  else if (verb === "CLOSED") {
    const more = await client(name).line()
    if (more !== null) throw new Error(`still says: ${more}`)
  } else if (verb === "DELIVER") await world.deliver(name, rest.join(" "))
  else throw new Error("not a step")
}

async function opened(world: ImapWorld, who: string | undefined): Promise<ImapClient> {
  if (who === undefined) return world.connect()
  return who === "clear" ? world.connect({ clear: true }) : world.signIn(who)
}

async function expectLine(client: ImapClient, expected: string, skip: boolean): Promise<void> {
  const parts = expected.split("…").map((part) => Buffer.from(part).toString("latin1").replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  const pattern = new RegExp(`^${parts.join(".*")}$`, "s")
  for (;;) {
    const line = await client.line()
    if (line !== null && pattern.test(line)) return
    if (line === null || !skip) throw new Error(`the server says: ${line ?? "nothing more, it closed"}`)
  }
}

const filled = (world: ImapWorld, text: string): string =>
  text.replaceAll("${password}", password).replace(/\$\{app ([^}]+)\}/g, (_, address: string) => world.appPasswords.get(address) ?? "")
    .replace(/\$\{plain ([^ }]*) ([^ }]+) ([^}]+)\}/g, (_, authorizeAs: string, name: string, secret: string) => Buffer.from(`${authorizeAs}\0${name}\0${secret}`).toString("base64"))

const escapes: Readonly<Record<string, string>> = { "\\r": "\r", "\\n": "\n", "\\0": "\0", "\\t": "\t", "\\\\": "\\" }

const bytesOf = (text: string): Buffer =>
  Buffer.concat(text.split(/(\\(?:[rn0t\\]|x[0-9A-Fa-f]{2}))/).map((piece) => (piece.startsWith("\\x") ? Buffer.from([Number.parseInt(piece.slice(2), 16)]) : Buffer.from(escapes[piece] ?? piece))))
