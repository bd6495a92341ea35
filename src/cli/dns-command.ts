import { createHash, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { reportAddress } from "../accounts/report-address.ts"
import { systemClock } from "../base/clock.ts"
import type { Config } from "../config/schema.ts"
import { createMtaStsFetch, type MtaStsFetchOptions } from "../delivery/mta-sts-fetch.ts"
import { openResolver } from "../dns/open-resolver.ts"
import { checkPolicy } from "../domains/check-policy.ts"
import { checkRecords, recordLine } from "../domains/check-records.ts"
import { checkReverse } from "../domains/check-reverse.ts"
import type { CheckedLine } from "../domains/checked-line.ts"
import { type DomainFacts, domainRecords } from "../domains/domain-records.ts"
import { zoneText } from "../domains/zone-text.ts"
import { mtaStsPolicy } from "../domains/mta-sts-policy.ts"
import { prepareFiles } from "../roles/prepare.ts"
import type { DkimKey } from "../store/dkim-key-store.ts"
import { createSealer } from "../store/sealing.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { domainOf, warnOfStranger } from "./dkim-command.ts"

/** `congthu dns …`: what the DNS should hold for a domain, and whether it does. */
export interface RecordsOptions {
  readonly strict?: boolean
}

export interface CheckOptions extends RecordsOptions {
  /** `address`, `address:port`, `[address]:port`. */
  readonly server?: string
}

export async function printRecords(context: CommandContext, name: string, options: RecordsOptions): Promise<number> {
  const facts = await factsOf(context, domainOf(name), options)
  await warnOfStranger(context, facts.domain)
  print(zoneText(domainRecords(facts)))
  const policy = mtaStsPolicy({ ...facts.mtaSts, hosts: [facts.hostname] }).trimEnd().split("\r\n")
  print([`; https://mta-sts.${facts.domain}/.well-known/mta-sts.txt`, ...policy.map((line) => `;   ${line}`)].join("\n"))
  if (facts.dkimKeys.length === 0) say(`${facts.domain} has no DKIM keys: npm run congthu -- dkim create ${facts.domain}`)
  await warnOfNobody(context, facts.reportsTo)
  return exitCodes.ok
}

/** Where policies are served, for those who cannot be asked on port 443. */
export type PolicyPlace = Pick<MtaStsFetchOptions, "port" | "authorities">

export async function checkDns(context: CommandContext, name: string, options: CheckOptions, place: PolicyPlace = {}): Promise<number> {
  const facts = await factsOf(context, domainOf(name), options)
  const { dns } = context.config
  const resolver = openResolver(options.server === undefined ? dns : { ...dns, servers: [serverText(options.server)] }, systemClock)
  const fetch = createMtaStsFetch({ resolver, timeoutMs: policyTimeoutMs, ...place })
  const [records, policy, reverse] = await Promise.all([
    checkRecords(domainRecords(facts), resolver),
    checkPolicy({ domain: facts.domain, settings: { ...facts.mtaSts, hosts: [facts.hostname] } }, resolver, (domain) => fetch(domain, AbortSignal.timeout(policyTimeoutMs))),
    checkReverse(facts, resolver),
  ])
  const lines = [...records.map(recordLine), policy, ...reverse]
  for (const line of lines) print(lineText(line))
  if (facts.dkimKeys.length === 0) say(`${facts.domain} has no DKIM keys: npm run congthu -- dkim create ${facts.domain}`)
  for (const { name } of lines.filter(({ insecure }) => insecure)) {
    say(`warning: ${name} is not vouched for by DNSSEC, so nobody may use it${dns.dnssec ? "" : " (or the resolver is not trusted to say so: dns.dnssec)"}`)
  }
  await warnOfNobody(context, facts.reportsTo)
  const wrong = lines.filter(({ result, waits }) => result !== "ok" && !waits)
  say(wrong.length === 0 ? "Everything is as it should be." : `${wrong.length} of ${lines.length} need attention.`)
  return wrong.length === 0 ? exitCodes.ok : exitCodes.failed
}

/** Reports that come to an address of ours must find somebody. */
async function warnOfNobody({ database }: CommandContext, address: string): Promise<void> {
  if ((await loadDirectory(database)).resolve(address).kind === "unknown") say(`warning: reports are asked for at ${address}, which does not exist here: set dns.reportsTo, or make that address`)
}

const policyTimeoutMs = 15_000

function lineText({ name, result, expected, found, todo, waits }: CheckedLine): string {
  const line = `${result.padEnd(10)}  ${name}${name.startsWith("https:") ? "" : "."}`
  if (result === "ok") return `${line}  ${printable(expected)}`
  return [
    line,
    ...(result === "unanswered" ? [] : [`            expected  ${expected}${waits ? "  (does not sign yet)" : ""}`]),
    ...(found === "" ? [] : [`            found     ${printable(found)}`]),
    `            to do     ${todo}`,
  ].join("\n")
}

/** The DNS is others' word, and this is a terminal. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?")

const httpsPort = 443

async function factsOf({ config, database }: CommandContext, domain: string, { strict = false }: RecordsOptions): Promise<DomainFacts> {
  const { contentKey, certificates } = await prepareFiles(config)
  const keys = await createDkimKeyStore({ database, sealer: createSealer(contentKey) }).list()
  const { clients, listen, hostname, dns } = config
  const directory = await loadDirectory(database)
  return {
    domain, hostname, strict,
    srsDomain: config.delivery.srsDomain || hostname,
    outboundAddresses: dns.outboundAddresses,
    reportsTo: reportAddress(dns.reportsTo, directory, domain),
    dkimKeys: nearestKeys(keys, domain),
    mtaSts: mtaStsSettings(config),
    publicKeyHash: await publicKeyHash(certificates[0]?.certificateFile ?? ""),
    clients: {
      host: clients.host || hostname,
      ports: {
        submissions: clients.submissions || listen.submissions, submission: clients.submission || listen.submission,
        imaps: clients.imaps || listen.imaps, imap: clients.imap || listen.imap, autodiscover: httpsPort,
      },
    },
  }
}

/** Of the certificate that everybody is served with (RFC 7672 §3.1.1: TLSA 3 1 1). */
async function publicKeyHash(certificateFile: string): Promise<Buffer> {
  const { publicKey } = new X509Certificate(await readFile(certificateFile))
  return createHash("sha256").update(publicKey.export({ format: "der", type: "spki" })).digest()
}

export const mtaStsSettings = ({ dns }: Pick<Config, "dns">): DomainFacts["mtaSts"] => ({ mode: dns.mtaSts, maxAgeSeconds: dns.mtaStsMaxAge / 1000 })

/** Mail is signed with the domain's own keys, or with those of the nearest domain above it. */
function nearestKeys(keys: readonly DkimKey[], domain: string): readonly DkimKey[] {
  const labels = domain.split(".")
  for (let at = 0; at < labels.length; at++) {
    const found = keys.filter((key) => key.domain === labels.slice(at).join(".") && key.state !== "retired")
    if (found.length > 0) return found
  }
  return []
}

function serverText(text: string): string {
  if (!/^[\d.]+(?::\d{1,5})?$|^\[[\da-f:.]+\](?::\d{1,5})?$|^[\da-f:.]+$/i.test(text)) throw new CommandError(`"${text}" is no address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353`)
  return text
}
