/** DKIM keys that wait for the DNS: whether it shows them, and what follows when it does. Must not know: how often it is asked. */
import type { DnsResolver } from "../dns/resolver.ts"
import { keyRecordName, recordFits } from "../mail/dkim/key-record.ts"
import type { DkimKey, DkimKeyStore } from "../store/dkim-key-store.ts"

/** A sentence for each key that the DNS does not show. */
export async function notShown(keys: readonly DkimKey[], resolver: DnsResolver): Promise<readonly string[]> {
  const answers = await Promise.all(keys.map(async (key) => ({ key, name: keyRecordName(key), answer: await resolver.resolve(keyRecordName(key), "TXT") })))
  return answers.flatMap(({ key, name, answer }) => {
    if (answer.kind === "failed") return [`${name} cannot be looked up: ${answer.detail}`]
    if (answer.kind !== "records") return [`${name} is not in the DNS yet`]
    return answer.records.some((text) => recordFits(text, key)) ? [] : [`${name} holds something else: ${answer.records.join(", ")}`]
  })
}

export interface PublishedKeysLog {
  activated(event: { readonly domain: string; readonly selectors: readonly string[] }): void
  waiting(event: { readonly domain: string; readonly problems: readonly string[] }): void
}

export interface PublishedKeysParts {
  readonly store: Pick<DkimKeyStore, "list" | "activate">
  readonly resolver: DnsResolver
  readonly log: PublishedKeysLog
}

/** Keys sign from the moment that the DNS shows all that wait for their domain: not one of a pair, or half of the readers would find no key. */
export async function activatePublishedKeys({ store, resolver, log }: PublishedKeysParts, signal: AbortSignal): Promise<void> {
  const pending = (await store.list()).filter(({ state }) => state === "pending")
  // a DNS that does not answer must not keep a process that ends
  const stopped = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }))
  for (const [domain, keys] of Map.groupBy(pending, (key) => key.domain)) {
    const problems = signal.aborted ? undefined : await Promise.race([notShown(keys, resolver), stopped])
    if (!problems) return
    if (problems.length > 0) log.waiting({ domain, problems })
    // somebody may have been faster
    else if ((await store.activate(domain, "the DNS shows them")).ok) log.activated({ domain, selectors: keys.map(({ selector }) => selector) })
  }
}
