import { provinceTime } from "../delivery/story.ts"
import { namesNotInDirectory } from "../policy/directory-names.ts"
import { describePolicyProblem, readPolicy } from "../policy/read-policy.ts"
import type { PolicySummary, PolicyVersion } from "../store/policy-store.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { createPolicyStore } from "../store/sql/policies.ts"
import { administrator } from "./administrator.ts"
import { announce, CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { loadPolicyFile } from "./policy-file.ts"
import { textTable } from "./text-table.ts"

/** `congthu policy apply | rollback | history | show`: what is in force, and how it came to be. */
export interface WhyOptions {
  readonly why: string
}

const maxWhyCharacters = 500

export async function applyPolicy(context: CommandContext, file: string, { why }: WhyOptions): Promise<number> {
  const { yaml, policy } = await loadPolicyFile(file)
  for (const warning of namesNotInDirectory(policy.document, await loadDirectory(context.database))) say(`warning: ${warning}`)
  return putInForce(context, { yaml, why })
}

/** The old text becomes a new version: the history only grows. */
export async function rollbackPolicy(context: CommandContext, version: string, { why }: WhyOptions): Promise<number> {
  const { yaml } = await storedVersion(context, version)
  const read = readPolicy(yaml)
  if (!read.ok) throw new CommandError([`version ${version} cannot be used by this program:`, ...read.failure.map(describePolicyProblem)].join("\n"))
  return putInForce(context, { yaml, why: `${why} (back to version ${version})` })
}

async function putInForce(context: CommandContext, { yaml, why }: { readonly yaml: string; readonly why: string }): Promise<number> {
  if (why.length > maxWhyCharacters) throw new CommandError(`a reason has at most ${maxWhyCharacters} characters`)
  const policies = createPolicyStore(context.database)
  const before = await policies.inForce()
  const applied = await policies.apply({ yaml, by: administrator(), why })
  if (!applied.ok) {
    say(`Nothing was changed: ${applied.failure.detail}.`)
    return exitCodes.ok
  }
  await announce(context, { kind: "policy", version: applied.value })
  print(`Version ${applied.value} is in force.${before ? ` Back: npm run congthu -- policy rollback ${before.version} --why "…"` : ""}`)
  return exitCodes.ok
}

const historyRows = 100

export async function showPolicyHistory({ database }: CommandContext): Promise<number> {
  const history = await createPolicyStore(database).history(historyRows)
  if (history.length === 0) say("No policy was put in force yet: the first start does it.")
  else print(textTable(["VERSION", "PUT IN FORCE", "BY", "SOURCE", "SHA-256", "WHY"], history.map(summaryRow)))
  return exitCodes.ok
}

/** The one in force has an asterisk; times are those of Vietnam. */
const summaryRow = ({ version, inForce, appliedAt, by, source, sha256, why }: PolicySummary): readonly string[] =>
  [`${inForce ? "*" : " "} ${version}`, provinceTime(appliedAt).slice(0, 19), by, source, sha256.slice(0, 12), why === "" && source === "file" ? "found changed at a start" : why]

export async function showPolicy(context: CommandContext, version: string | undefined): Promise<number> {
  const shown = version === undefined ? await createPolicyStore(context.database).inForce() : await storedVersion(context, version)
  if (!shown) throw new CommandError("no policy was put in force yet: the first start does it")
  say(summaryRow(shown).join("  ").trim())
  process.stdout.write(shown.yaml)
  return exitCodes.ok
}

async function storedVersion({ database }: CommandContext, version: string): Promise<PolicyVersion> {
  const stored = /^\d{1,9}$/.test(version) ? await createPolicyStore(database).version(Number(version)) : undefined
  if (!stored) throw new CommandError(`there is no policy version ${version}; \`congthu policy history\` shows them`)
  return stored
}
