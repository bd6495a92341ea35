import { setTimeout as wait } from "node:timers/promises"
import { ImapFlow } from "imapflow"

/** A person at a mail client: signed in, INBOX open, waiting. */
export interface Reader {
  readonly address: string
  /** Resolves when the message has come, been fetched whole and marked as seen. */
  read(messageId: string): Promise<ReadMessage>
  close(): Promise<void>
}

export interface ReadMessage {
  readonly uid: number
  /** Everything that FETCH BODY[] gives. */
  readonly source: Buffer
  readonly attachmentNames: readonly string[]
}

export interface ReaderOptions {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly address: string
  readonly password: string
}

const patienceMs = 20_000
const lookAgainMs = 2_000

export async function openReader({ host, port, ca, address, password }: ReaderOptions): Promise<Reader> {
  const client = new ImapFlow({ host, port, secure: true, servername: "localhost", tls: { ca }, auth: { user: address, pass: password }, logger: false })
  // what breaks while nobody waits is told by the next command
  client.on("error", () => undefined)
  await client.connect()
  await client.mailboxOpen("INBOX")
  return {
    address,
    async read(messageId) {
      const uid = await arrival(client, messageId)
      const message = await client.fetchOne(String(uid), { source: true, bodyStructure: true }, { uid: true })
      if (!message || !message.source) throw new Error(`${address}: the message that came cannot be fetched`)
      await client.messageFlagsAdd(String(uid), ["\\Seen"], { uid: true })
      return { uid, source: message.source, attachmentNames: namesIn(message.bodyStructure) }
    },
    close: () => client.logout(),
  }
}

/** Looks, then waits for the server to say EXISTS (the client is idle meanwhile), and looks again; now and then without being told, as mail clients do. */
async function arrival(client: ImapFlow, messageId: string): Promise<number> {
  const look = async (): Promise<number | undefined> => {
    const found = await client.search({ header: { "message-id": messageId } }, { uid: true })
    return found ? found[0] : undefined
  }
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`the message did not come within ${patienceMs / 1000} s`)), patienceMs)
  try {
    for (;;) {
      let heard: () => void = () => undefined
      const exists = new Promise<void>((resolve) => (heard = resolve))
      client.once("exists", heard)
      const uid = await look()
      if (uid !== undefined) return uid
      void client.idle()
      await Promise.race([exists, late, wait(lookAgainMs, undefined, { ref: false })])
    }
  } finally {
    clearTimeout(timer)
  }
}

interface Part {
  readonly dispositionParameters?: Readonly<Record<string, string>> | undefined
  readonly childNodes?: readonly Part[] | undefined
}

const namesIn = (part: Part | undefined): string[] => (part ? [...(part.dispositionParameters?.["filename"] ? [part.dispositionParameters["filename"]] : []), ...(part.childNodes ?? []).flatMap(namesIn)] : [])
