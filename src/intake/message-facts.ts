/**
 * Everything the policy may ask about one message, from the directory, the header and what intake knows already. Pure. The signature's
 * facts are handed in. Must not know: rules.
 */
import type { Account, Directory } from "../accounts/directory.ts"
import { agencyOf } from "../accounts/organization.ts"
import { addressesIn, canonicalAddress, parseAddressList } from "../mail/address.ts"
import { decodeHeaderText } from "../mail/encoded-word.ts"
import { fieldValues, type HeaderField } from "../mail/header.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import type { HeaderFacts, MessageFacts, PartyFacts } from "../policy/facts.ts"
import type { AuthenticityFacts } from "../policy/authenticity-facts.ts"
import { maxComparedCharacters } from "../policy/policy-text.ts"
import type { ScanFacts } from "../policy/scan-facts.ts"
import { authorsOf } from "./authenticity/authors.ts"
import type { FinalRecipient } from "./expand-recipients.ts"

export interface FactsRequest {
  readonly directory: Directory
  /** All of the top-level header; whoever has only a part of it must refuse the message, or marks could hide in the rest. */
  readonly header: readonly HeaderField[]
  readonly bytes: number
  readonly reversePath: string
  /** After aliases and groups were opened. */
  readonly recipients: readonly Pick<FinalRecipient, "recipient" | "accountId">[]
  /** The accounts it speaks for, the sender first; none for mail from outside and for what the system writes itself. */
  readonly speaksFor: readonly Account[]
  /** True for mail that another server brought. */
  readonly fromOutside: boolean
  readonly authentication: MessageFacts["authentication"]
  readonly tls: MessageFacts["tls"]
  readonly signature: SignatureFacts
  readonly at: number
  /** Null: nobody looked. */
  readonly authenticity?: AuthenticityFacts | null
  readonly scan?: ScanFacts | null
  /** Header fields in which the policy looks for marks, lower case: they are kept whole, or the facts say that they are not. */
  readonly examined: ReadonlySet<string>
}

export function messageFacts(request: FactsRequest): MessageFacts {
  const { directory, speaksFor, fromOutside, reversePath, bytes, authentication, tls, signature, at, authenticity, scan } = request
  const header = headerFacts(request.header, request.examined)
  const recipients = distinctParties(request.recipients.map(({ recipient, accountId }) => partyOf(directory, recipient, accountId === null ? undefined : directory.account(accountId))))
  const [speaker] = speaksFor
  const sender = speaker ? partyOf(directory, speaker.address, speaker) : fromOutside ? outsideSender(directory, shownAuthor(directory, request.header) ?? header.from[0] ?? reversePath) : null
  return {
    direction: directionOf({ directory, fromOutside, speaksFor, recipients }), sender, reversePath, recipients, header, bytes, authentication, signature, tls, at,
    hops: request.header.filter(({ name }) => name === "received").length,
    ...(authenticity && { authenticity }), ...(scan && { scan }),
  }
}

interface Journey extends Pick<FactsRequest, "directory" | "fromOutside" | "speaksFor"> {
  readonly recipients: readonly PartyFacts[]
}

/** See docs/policy.md: `inbound`, else `outbound` when somebody foreign receives it, else `submission` when it leaves the agency (of any for whom it speaks), else `internal`. */
function directionOf({ directory, fromOutside, speaksFor, recipients }: Journey): MessageFacts["direction"] {
  if (fromOutside) return "inbound"
  if (recipients.some(({ local }) => !local)) return "outbound"
  const agency = (unitCode: string | undefined): string | null => (unitCode === undefined ? null : agencyOf(directory.organization.unitPath(unitCode)))
  // what nobody sends, such as a notification of non-delivery, leaves no agency
  const own = speaksFor.map(({ unitCode }) => agency(unitCode))
  return recipients.some(({ units }) => own.some((one) => one !== agency(units[0]))) ? "submission" : "internal"
}

/** Of several authors the one who is a colleague: behind a stranger's address he would be forged all the same. */
function shownAuthor({ isLocalDomain }: Directory, header: FactsRequest["header"]): string | undefined {
  return authorsOf(fieldValues(header, "from")).from.map(canonicalAddress).find((address) => isLocalDomain(address.slice(address.lastIndexOf("@") + 1)))
}

/** Whom the reader is shown as author: the reverse-path of a forger is whatever he likes. */
function outsideSender(directory: Directory, address: string): PartyFacts | null {
  if (address === "") return null
  const resolution = directory.resolve(address)
  return partyOf(directory, address, resolution.kind === "account" ? resolution.account : undefined)
}

function partyOf({ organization, isLocalDomain }: Directory, address: string, account: Account | undefined): PartyFacts {
  const canonical = account?.address ?? canonicalAddress(address)
  const domain = canonical.slice(canonical.lastIndexOf("@") + 1)
  if (!account) return { address: canonical, domain, local: isLocalDomain(domain), kind: "foreign", units: [], groups: [] }
  return { address: canonical, domain, local: true, kind: account.kind, units: organization.unitPath(account.unitCode).map(({ code }) => code), groups: organization.groupsOf(canonical) }
}

/**
 * One of each sort: rules ask a recipient's domain, kind, unit and groups, not who it is. A circular to 3,000 accounts has some
 * hundred sorts, and its facts are kept.
 */
function distinctParties(parties: readonly PartyFacts[]): readonly PartyFacts[] {
  const sorts = new Map<string, PartyFacts>()
  for (const party of parties) {
    const sort = [party.domain, party.kind, party.units[0] ?? "", ...party.groups].join(" ")
    if (!sorts.has(sort)) sorts.set(sort, party)
  }
  return [...sorts.values()]
}

/** What one decision keeps of a header: bounded whatever was sent. */
const maxFields = 200
const maxValuesPerField = 10
const maxValueCharacters = 1000
const maxFrom = 20

/** Long, said elsewhere in the facts, or written by other servers. */
const left: ReadonlySet<string> = new Set(["received", "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results", "authentication-results", "references", "in-reply-to", "to", "cc", "bcc", "from", "subject"])

function headerFacts(fields: readonly HeaderField[], examined: ReadonlySet<string>): HeaderFacts {
  const kept: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  let names = 0
  let cut = false
  for (const { name, value } of fields) {
    if (left.has(name)) continue
    const looked = examined.has(name)
    const values = kept[name]
    if (values === undefined && !looked && names++ >= maxFields) continue
    if (values !== undefined && values.length >= maxValuesPerField) {
      cut ||= looked
      continue
    }
    const text = textOf(value, looked ? maxComparedCharacters : maxValueCharacters)
    cut ||= looked && text.cut
    kept[name] = [...(values ?? []), text.text]
  }
  // a client shows one of several; a mark in any of them counts
  const subjects = fieldValues(fields, "subject")
  const subject = textOf(subjects.slice(0, maxValuesPerField).join(" | "), maxComparedCharacters)
  cut ||= subject.cut || subjects.length > maxValuesPerField
  const from = fieldValues(fields, "from").slice(0, maxValuesPerField).flatMap((value) => addressesIn(parseAddressList(value))).slice(0, maxFrom).map((address) => canonicalAddress(utf8(address)))
  return { subject: subject.text, from, fields: kept, ...(cut && { cut }) }
}

/**
 * A folded or endless value is cut before it is decoded: an encoded-word takes at most three times the room of its text. Some senders encode
 * twice, and some readers decode twice.
 */
function textOf(value: string, maxCharacters: number): { readonly text: string; readonly cut: boolean } {
  const room = maxCharacters * 8
  const once = decodeHeaderText(value.slice(0, room))
  const text = once.includes("=?") ? decodeHeaderText(Buffer.from(once).toString("latin1")) : once
  return { text: text.slice(0, maxCharacters), cut: value.length > room || text.length > maxCharacters }
}

/** Header values have one char per byte. */
const utf8 = (value: string): string => Buffer.from(value, "latin1").toString("utf8")
