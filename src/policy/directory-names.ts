import type { Directory } from "../accounts/directory.ts"
import type { Condition, PolicyDocument } from "./policy-document.ts"

/**
 * Units, groups and addresses that a policy names and the directory does not have: no mistake of the file, since an import may bring
 * them tomorrow, but a rule that silently matches nothing until then. One sentence each. Pure.
 */
export function namesNotInDirectory({ rules }: PolicyDocument, directory: Directory): readonly string[] {
  const isGroup = (address: string): boolean => directory.resolve(address).kind === "group"
  const isAccount = (address: string): boolean => ["account", "foreign"].includes(directory.resolve(address).kind)
  return rules.flatMap(({ id, when }) => {
    const conditions = when ? conditionsIn(when) : []
    const senders = conditions.flatMap(({ sender }) => sender ?? [])
    const parties = [...senders, ...conditions.flatMap(({ recipient, everyRecipient }) => [recipient ?? [], everyRecipient ?? []].flat())]
    const missing = (what: string, names: readonly string[], exists: (name: string) => boolean): string[] =>
      [...new Set(names)].filter((name) => !exists(name)).map((name) => `rule ${id}: the directory has no ${what} ${name}`)
    return [
      ...missing("unit", parties.flatMap(({ unit }) => unit ?? []), (code) => directory.organization.unitPath(code).length > 0),
      ...missing("group", parties.flatMap(({ group }) => group ?? []), isGroup),
      ...missing("account", senders.flatMap(({ address }) => address ?? []), isAccount),
    ]
  })
}

const conditionsIn = (condition: Condition): readonly Condition[] => [condition, ...[...(condition.all ?? []), ...(condition.any ?? []), ...(condition.not ? [condition.not] : [])].flatMap(conditionsIn)]
