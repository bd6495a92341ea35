import type { ContentStore } from "../../src/store/content-store.ts"
import type { AcceptanceStore } from "../../src/store/acceptance-store.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { acceptance, prepareContent, unwrap } from "./store.ts"

/** Mail of the past, accepted by the store itself and then dated back: what a monthly report is counted from. */
export interface MonthlyMailParts {
  readonly database: Pick<Database, "query">
  readonly contents: ContentStore
  readonly acceptances: AcceptanceStore
}

export interface MailOfMonth {
  readonly at: string
  readonly from: string
  readonly to?: readonly string[]
  readonly remote?: readonly string[]
  readonly signed?: boolean
  readonly file?: boolean
  readonly source?: "submission" | "mx" | "notification"
  /** When its copies here were delivered; at `at` when absent, null: they still wait. */
  readonly delivered?: string | null
}

const withFile = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nKính gửi\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="cv.pdf"\r\n\r\n%PDF\r\n--b--\r\n'
let counter = 0

export async function mailOfMonth({ database, contents, acceptances }: MonthlyMailParts, { at, from, to = [], remote = [], signed = false, file = false, source = "submission", delivered = at }: MailOfMonth): Promise<number> {
  const idOf = async (address: string): Promise<number> => {
    const [row] = await database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = $1" }, [address])
    if (!row) throw new Error(`no account ${address}`)
    return row.id
  }
  const content = await prepareContent(contents, `Message-ID: <${++counter}@thang.example>\r\nMIME-Version: 1.0\r\n${file ? withFile : "Content-Type: text/plain\r\n\r\nKính gửi\r\n"}`)
  const [current] = await database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const base = acceptance({ content, accountIds: await Promise.all(to.map(idOf)), remote, reversePath: from, directoryVersion: current?.version ?? 0 })
  const session = source === "mx" ? base.session : { ...base.session, accountId: await idOf(from) }
  const { envelopeId } = unwrap(await acceptances.commit({ ...base, source, session, acceptedAt: Date.parse(at) }))
  if (signed) await database.query({ text: "INSERT INTO evidence (envelope_id, record) VALUES ($1, '{}')" }, [envelopeId])
  if (delivered !== null) await database.query({ text: "UPDATE delivery SET state = 'delivered', settled_at = $2 WHERE envelope_id = $1 AND account_id IS NOT NULL" }, [envelopeId, delivered])
  return envelopeId
}
