import type { Command, Reply } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { locate } from "../mailbox-access.ts"
import { visibleAccounts } from "../namespace.ts"
import { mailboxToken } from "../response/list-response.ts"
import type { ResponseWriter } from "../response/writer.ts"
import type { Session } from "../session.ts"

/** RFC 9208 §4.1.1. Each account is one quota root, named by its address. */
export const getQuota: Command<string> = {
  name: "GETQUOTA",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const root = reader.astring()
    reader.end()
    return root
  },
  async run(session, root, out) {
    const { login, services } = session
    const visible = login ? visibleAccounts(services.directory.current(), login, services.clock.now()) : []
    const account = visible.find((candidate) => candidate.account.address === root.toLowerCase())?.account
    if (!account) return { kind: "no", code: "NONEXISTENT", text: "There is no such quota root" }
    await tellQuota(session, account, out)
    return { kind: "ok", text: "GETQUOTA completed" }
  },
}

/** RFC 9208 §4.1.2. The mailbox need not exist: a client may ask before it creates it. */
export const getQuotaRoot: Command<string> = {
  ...getQuota,
  name: "GETQUOTAROOT",
  parse(reader) {
    reader.sp()
    const name = reader.mailbox()
    reader.end()
    return name
  },
  async run(session, name, out) {
    const place = locate(session, name)
    if (!place.ok) return noFrom(place.failure)
    const account = session.services.directory.current().account(place.value.accountId)
    if (!account) return { kind: "no", code: "NONEXISTENT", text: "There is no such mailbox" }
    out.line(`* QUOTAROOT ${mailboxToken(name, false)} ${rootToken(account.address)}`)
    await tellQuota(session, account, out)
    return { kind: "ok", text: "GETQUOTAROOT completed" }
  },
}

/** RFC 9208 §4.1.3. */
export const setQuota: Command<null> = {
  ...getQuota,
  name: "SETQUOTA",
  parse(reader) {
    reader.sp()
    reader.astring()
    reader.sp()
    reader.list(() => {
      reader.atom()
      reader.sp()
      reader.number64()
    })
    reader.end()
    return null
  },
  run: async (): Promise<Reply> => ({ kind: "no", code: "NOPERM", text: "Quotas are set by the administrators" }),
}

/** STORAGE is counted in units of 1024 octets (RFC 9208 §5.1). */
async function tellQuota(session: Session, account: { readonly id: number; readonly address: string }, out: ResponseWriter): Promise<void> {
  const { usedBytes, limitBytes } = await session.services.mailStore.quota(account.id)
  out.line(`* QUOTA ${rootToken(account.address)} (STORAGE ${Math.ceil(usedBytes / 1024)} ${Math.floor(limitBytes / 1024)})`)
}

const rootToken = (address: string): string => mailboxToken(address, true)
