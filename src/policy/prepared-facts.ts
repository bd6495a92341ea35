import type { SignatureProblem } from "../pki/signature-facts.ts"
import type { MessageFacts } from "./facts.ts"
import type { DocumentMatcher } from "./policy-document.ts"
import { tidyText } from "./policy-text.ts"

/** Facts with what several rules ask of them, worked out once and only when asked. */
export interface PreparedFacts {
  readonly facts: MessageFacts
  /** Domains of the reverse-path's owner and of every address that From: shows. */
  senderDomains(): readonly string[]
  problems(): readonly SignatureProblem[]
  isOfClass(name: string): boolean
}

/** More values of one field than any message has. */
const maxValues = 20

export function prepareFacts(facts: MessageFacts, documents: Readonly<Record<string, readonly DocumentMatcher[]>>): PreparedFacts {
  const classes = new Map<string, boolean>()
  const texts = new Map<string, readonly ComparedText[]>()
  let domains: readonly string[] | undefined
  let problems: readonly SignatureProblem[] | undefined
  const textsOf = (field: string): readonly ComparedText[] => {
    const known = texts.get(field)
    if (known) return known
    const values = field === "subject" ? [facts.header.subject] : Object.hasOwn(facts.header.fields, field) ? (facts.header.fields[field] ?? []) : []
    const compared = values.slice(0, maxValues).map((value) => comparedText(tidyText(value)))
    texts.set(field, compared)
    return compared
  }
  const matches = ({ in: fields, mark, pattern }: DocumentMatcher): boolean =>
    fields.some((field) => textsOf(field).some(({ tidy, folded }) => (mark?.some((one) => one.matches(tidy)) ?? false) || (pattern?.some((one) => one.matches(folded)) ?? false)))
  return {
    facts,
    senderDomains: () => (domains ??= [...(facts.sender ? [facts.sender.domain] : []), ...facts.header.from.map((address) => address.slice(address.lastIndexOf("@") + 1))]),
    problems: () => (problems ??= [...new Set([...facts.signature.problems, ...facts.signature.signers.flatMap((signer) => signer.problems)])]),
    isOfClass(name) {
      const known = classes.get(name)
      if (known !== undefined) return known
      const found = (Object.hasOwn(documents, name) ? (documents[name] ?? []) : []).some(matches)
      classes.set(name, found)
      return found
    },
  }
}

interface ComparedText {
  readonly tidy: string
  /** As of `foldText`. */
  readonly folded: string
}

const comparedText = (tidy: string): ComparedText => ({ tidy, folded: tidy.toLowerCase() })
