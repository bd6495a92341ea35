import { type DkimAlgorithm, dkimAlgorithms, newDkimKey, type NewDkimKey } from "./signing-key.ts"

export interface NamedKey extends NewDkimKey {
  readonly selector: string
  readonly algorithm: DkimAlgorithm
}

/** One key of each algorithm, named after the day, so that whoever reads the zone sees which are old. `taken`: selectors that the domain has or had. */
export async function newDkimKeys({ now, taken }: { readonly now: number; readonly taken: ReadonlySet<string> }): Promise<readonly NamedKey[]> {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "")
  return Promise.all(dkimAlgorithms.map(async (algorithm) => ({ algorithm, selector: freeSelector(`ct${day}${algorithm.charAt(0)}`, taken), ...(await newDkimKey(algorithm)) })))
}

function freeSelector(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const selector = number === 1 ? name : `${name}${number}`
    if (!taken.has(selector)) return selector
  }
}
