/**
 * Name constraints of authorities (RFC 5280 §4.2.1.10): which names the certificates below them may carry. Mailboxes of both kinds
 * (RFC 9598 §6), directory names and DNS names are judged; of other kinds none may occur where they are constrained.
 * Pure; a constraint that cannot be read throws Asn1SyntaxError.
 */
import { asciiDomain, splitAddress } from "../mail/address.ts"
import { type Asn1, Asn1SyntaxError, latin1, readAsn1, sequenceItems, taggedItem } from "./asn1.ts"
import type { Certificate } from "./certificate.ts"
import { comparableRdns, emailAttribute, readNameAttributes } from "./distinguished-name.ts"
import { alternativeMailboxes, extensionOid, extensionValue, generalNameNumber, generalNameTag } from "./read-extensions.ts"

/** One name that a certificate carries or a constraint speaks of. */
interface ConstrainedName {
  /** Of `generalNameTag`; a SmtpUTF8Mailbox counts as an rfc822Name. */
  readonly kind: number
  /** Text of a mailbox, host or domain; empty for other kinds. */
  readonly text: string
  /** Parts of a directory name, the widest first. */
  readonly parts: readonly string[]
}

export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[]
  readonly excluded: readonly ConstrainedName[]
}

/** What an authority's certificate demands of those below it; undefined when it demands nothing. */
export function readNameConstraints({ extensions }: Certificate): NameConstraints | undefined {
  const value = extensionValue(extensions, extensionOid.nameConstraints)
  if (!value) return undefined
  const items = sequenceItems(value, "name constraints")
  const subtrees = (number: number): readonly ConstrainedName[] => (taggedItem(items, number)?.items ?? []).map(subtreeName)
  return { permitted: subtrees(0), excluded: subtrees(1) }
}

/** RFC 5280 §4.2.1.10: minimum is 0 and therefore absent, maximum is absent. */
function subtreeName(subtree: Asn1): ConstrainedName {
  const [base, ...distances] = sequenceItems(subtree, "subtree")
  if (!base || distances.length > 0) throw new Asn1SyntaxError("has name constraints with distances")
  return generalName(base)
}

function generalName(name: Asn1): ConstrainedName {
  const kind = generalNameNumber(name)
  if (kind === generalNameTag.directoryName) return { kind, text: "", parts: comparableRdns(name.items[0]) }
  return { kind, text: kind === generalNameTag.rfc822Name || kind === generalNameTag.dnsName ? latin1(name.octets) : "", parts: [] }
}

/** Whether the names of `certificate` are all within what `constraints` permit, and none is excluded. */
export function namesAreWithin(certificate: Certificate, constraints: NameConstraints): boolean {
  return namesOf(certificate).every((name) => {
    const about = (names: readonly ConstrainedName[]): readonly ConstrainedName[] => names.filter(({ kind }) => kind === name.kind)
    const [permitted, excluded] = [about(constraints.permitted), about(constraints.excluded)]
    if (permitted.length + excluded.length === 0) return true
    const matches = matchers[name.kind]
    if (!matches || (name.kind === generalNameTag.rfc822Name && !splitAddress(name.text))) return false
    return (permitted.length === 0 || permitted.some((constraint) => matches(name, constraint))) && !excluded.some((constraint) => matches(name, constraint))
  })
}

/** Subject and alternative names; the emailAddress of the subject is a mailbox like the others. */
function namesOf({ subject, extensions }: Certificate): readonly ConstrainedName[] {
  const name = readAsn1(subject.der)
  const emails = readNameAttributes(name).flat().flatMap(({ type, value }) => (type === emailAttribute ? [value ?? ""] : []))
  const alternatives = extensionValue(extensions, extensionOid.subjectAltName)
  const others = (alternatives ? sequenceItems(alternatives, "alternative names") : []).filter((item) => generalNameNumber(item) !== generalNameTag.rfc822Name).map(generalName)
  return [
    // RFC 5280 §4.1.2.6: an empty subject is no name
    ...(name.items.length > 0 ? [{ kind: generalNameTag.directoryName, text: "", parts: comparableRdns(name) }] : []),
    ...[...alternativeMailboxes(extensions), ...emails].map((text) => ({ kind: generalNameTag.rfc822Name, text, parts: [] })),
    ...others,
  ]
}

type Matcher = (name: ConstrainedName, constraint: ConstrainedName) => boolean

const matchers: Readonly<Record<number, Matcher>> = {
  [generalNameTag.rfc822Name]: mailboxMatches,
  [generalNameTag.dnsName]: (name, constraint) => isWithin(domainOf(name.text), domainOf(constraint.text.replace(/^\./, ""))),
  [generalNameTag.directoryName]: ({ parts }, constraint) => constraint.parts.length <= parts.length && constraint.parts.every((part, at) => part === parts[at]),
}

/** A mailbox, all of a host, or with a leading dot all below a domain. RFC 9598 §6: domains are compared as A-labels. */
function mailboxMatches({ text }: ConstrainedName, { text: constraint }: ConstrainedName): boolean {
  const mailbox = splitAddress(text)
  const domain = domainOf(mailbox?.domain ?? "")
  const wanted = splitAddress(constraint)
  // the local part without regard to case: that is how our accounts are told apart
  if (wanted) return mailbox?.localPart.toLowerCase() === wanted.localPart.toLowerCase() && domain === domainOf(wanted.domain)
  if (constraint.startsWith(".")) return domain !== domainOf(constraint.slice(1)) && isWithin(domain, domainOf(constraint.slice(1)))
  return constraint === "" || domain === domainOf(constraint)
}

/** The domain itself, or a name below it; an empty one is above all. */
const isWithin = (name: string, domain: string): boolean => domain === "" || name === domain || name.endsWith(`.${domain}`)

const domainOf = (text: string): string => asciiDomain(text) ?? text.toLowerCase()
