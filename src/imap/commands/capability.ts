import { capabilityNames } from "../capabilities.ts"
import type { Command } from "../command.ts"
import { argumentless } from "./argumentless.ts"

/** RFC 3501 §6.1.1. */
export const capability: Command<null> = {
  name: "CAPABILITY",
  forms: ["plain"],
  states: ["notAuthenticated", "authenticated", "selected"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session, _args, out) {
    out.line(`* CAPABILITY ${capabilityNames(session)}`)
    return { kind: "ok", text: "CAPABILITY completed" }
  },
}
