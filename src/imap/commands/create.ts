import type { SpecialUse } from "../../store/mail-store.ts"
import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { noteAccess } from "../foreign-access.ts"
import { ImapSyntaxError } from "../grammar/syntax-error.ts"
import { locateForChange } from "../mailbox-access.ts"

interface CreateArgs {
  readonly name: string
  /** As the client wrote them, in lower case. */
  readonly uses: readonly string[]
}

/** RFC 3501 §6.3.3, with the USE parameter of RFC 6154 §3. */
export const create: Command<CreateArgs> = {
  name: "CREATE",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const name = reader.mailbox()
    const uses: string[] = []
    if (reader.skip(" ")) {
      reader.list(() => {
        if (reader.keyword() !== "USE") throw new ImapSyntaxError("Unknown parameter")
        reader.sp()
        uses.push(...reader.list(() => {
          reader.expect("\\")
          return `\\${reader.atom().toLowerCase()}`
        }))
      })
    }
    reader.end()
    return { name, uses }
  },
  async run(session, { name, uses }) {
    // RFC 3501 §6.3.3: a delimiter at the end only announces that names under it will follow
    const place = locateForChange(session, name.endsWith("/") ? name.slice(0, -1) : name)
    if (!place.ok) return noFrom(place.failure)
    const use = uses.length === 1 ? specialUses.get(uses[0] ?? "") : undefined
    // a shared account's special folders are not this client's: it could not tell two \Sent apart
    if (uses.length > 0 && (!use || place.value.accountId !== session.login?.accountId)) return { kind: "no", code: "USEATTR", text: "The mailbox cannot be given this use" }
    await noteAccess(session, { accountId: place.value.accountId, mailbox: place.value.name, how: "created" })
    const made = await session.services.mailStore.createMailbox(place.value.accountId, place.value.name, use)
    return made.ok ? { kind: "ok", text: "CREATE completed" } : noFrom(made.failure)
  },
}

const specialUses: ReadonlyMap<string, SpecialUse> = new Map((["\\Drafts", "\\Sent", "\\Junk", "\\Trash", "\\Archive"] as const).map((use) => [use.toLowerCase(), use]))
