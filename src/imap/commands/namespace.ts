import type { Command } from "../command.ts"
import { hierarchyDelimiter, sharedPrefix } from "../namespace.ts"
import { argumentless } from "./argumentless.ts"

/** RFC 2342. An app password opens one account, so its client is shown no others. */
export const namespace: Command<null> = {
  name: "NAMESPACE",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session, _args, out) {
    const shared = session.login?.via === "password" ? `(("${sharedPrefix}${hierarchyDelimiter}" "${hierarchyDelimiter}"))` : "NIL"
    out.line(`* NAMESPACE (("" "${hierarchyDelimiter}")) NIL ${shared}`)
    return { kind: "ok", text: "NAMESPACE completed" }
  },
}
