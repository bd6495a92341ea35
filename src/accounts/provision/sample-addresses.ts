import { type AddressProblem, addressByRule, type AddressRule } from "./address-rule.ts"
import type { ProblemKey } from "./problems.ts"

/** What a unit's rule makes of names, one after the other, so that a namesake is seen. Pure. */
export interface SampleAddress {
  readonly name: string
  readonly made: { readonly address: string } | { readonly problem: ProblemKey }
}

export function sampleAddresses(rule: AddressRule, unit: { readonly code: string; readonly domain: string }, names: readonly string[]): readonly SampleAddress[] {
  const taken = new Set<string>()
  return names.map((name) => {
    const made = addressByRule(rule, { name, unit, isTaken: (address) => taken.has(address) })
    if (made.ok) taken.add(made.value)
    return { name, made: made.ok ? { address: made.value } : { problem: problems[made.failure] } }
  })
}

const problems = { noLetters: "addressNoLetters", reserved: "addressReserved", tooLong: "addressTooLong", allTaken: "addressAllTaken" } as const satisfies Readonly<Record<AddressProblem, ProblemKey>>
