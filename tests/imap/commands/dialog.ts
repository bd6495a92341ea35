import type { ImapClient } from "../../support/imap-client.ts"

/** A response whose literals stand apart: `* 1 FETCH (BODY[] {12})` and the twelve bytes. */
export interface Response {
  readonly text: string
  readonly literals: readonly Buffer[]
}

/** Sends a command and reads its responses, literals byte for byte. */
export const ask = async (client: ImapClient, command: string, tag = "t"): Promise<Response[]> => {
  client.send(Buffer.from(`${tag} ${command}\r\n`))
  const responses: Response[] = []
  for (;;) {
    const response = await readResponse(client)
    if (!response) return responses
    responses.push(response)
    if (response.text.startsWith(`${tag} `)) return responses
  }
}

const readResponse = async (client: ImapClient): Promise<Response | null> => {
  let text = await client.line()
  if (text === null) return null
  const literals: Buffer[] = []
  for (;;) {
    const size = /\{(\d+)\}$/.exec(text)?.[1]
    if (size === undefined) return { text, literals }
    let bytes = ""
    do bytes += `${(await client.line()) ?? ""}\r\n`
    while (bytes.length < Number(size) + 2)
    literals.push(Buffer.from(bytes.slice(0, Number(size)), "latin1"))
    text += bytes.slice(Number(size), -2)
  }
}

/** The first literal of the answer to a command. */
export const literal = async (client: ImapClient, command: string): Promise<string> => {
  const responses = await ask(client, command)
  const found = responses.flatMap(({ literals }) => literals)[0]
  if (!found) throw new Error(`no literal in ${responses.map(({ text }) => text).join(" | ")}`)
  return found.toString("utf8")
}

/** APPENDs a message with a synchronizing literal; returns the tagged reply. */
export const appendMessage = async (client: ImapClient, message: string | Buffer, options: { readonly mailbox?: string; readonly before?: string } = {}): Promise<string> => {
  const bytes = Buffer.from(message)
  client.send(`a APPEND ${options.mailbox ?? "INBOX"} ${options.before ?? ""}{${bytes.length}}\r\n`)
  const line = (await client.line()) ?? ""
  if (!line.startsWith("+")) return line
  client.send(bytes)
  client.send("\r\n")
  return (await client.until("a")).at(-1) ?? ""
}

/** Untagged lines of an answer, without the tagged one. */
export const untagged = (lines: readonly string[]): readonly string[] => lines.slice(0, -1)

export const simpleMessage = (subject: string, body = "body"): string =>
  `From: An <an@tinh.example>\r\nTo: binh@tinh.example\r\nDate: Thu, 5 Nov 2026 08:00:00 +0700\r\nMessage-ID: <${subject}@tinh.example>\r\nSubject: ${subject}\r\n\r\n${body}\r\n`
