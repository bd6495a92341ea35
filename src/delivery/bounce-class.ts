/**
 * What a refusal means, whatever the server that wrote it. Texts count before codes: half of the world answers `550 5.7.1` or `554 5.0.0` to
 * everything and says in words what it was. Pure. Must not know: what is done about it.
 */
import type { BounceClass } from "../store/delivery-store.ts"

export interface Refusal {
  readonly kind: "deferred" | "failed"
  /** RFC 3463. */
  readonly status: string
  /** One line, as `oneLine` leaves it. */
  readonly diagnostic: string
}

interface Words {
  readonly means: BounceClass
  readonly of: Refusal["kind"] | "both"
  readonly words: RegExp
}

/** The first that matches; each is a few words of servers that are common in the field. */
const byWords: readonly Words[] = [
  // postgrey, milter-greylist, rspamd, Exim's and Exchange's own
  { means: "greylisted", of: "deferred", words: /gr[ae]y-?list|postgrey|\b(?:first|new) (?:time )?(?:sender|triplet)|retry (?:later )?from the same (?:ip|address)/i },
  { means: "throttled", of: "deferred", words: /too (?:many|much) (?:connections|messages|mails?|emails?|recipients|concurrent|requests|traffic)|rate[- ]?limit|throttl|unexpected volume|unusual rate|server (?:is )?(?:too )?busy|(?:connection|message|sending) (?:rate|frequency|limit)|slow down|exceeded (?:the )?(?:rate|limit|maximum)/i },
  // Gmail's and Yahoo's demands on senders: what is missing is on our side
  { means: "authenticationFailed", of: "both", words: /\bdmarc\b|\bdkim\b|\bspf\b|unauthenticated|not authenticated|(?:sender|email) authentication|authentication (?:checks? )?(?:fail|require)/i },
  { means: "mailboxFull", of: "both", words: /(?:over|exceed\w*|out of) (?:\w+ ){0,3}(?:quota|storage)|quota (?:is )?exceed|(?:mail ?box|inbox|account) (?:is |was )?(?:over ?)?full|mailbox size limit|insufficient (?:disk |mailbox )?(?:storage|space)|MailboxFull|storage allocation/i },
  // our own words of routing among them
  { means: "domainUnknown", of: "failed", words: /domain(?: name)?(?: \S+)? (?:not found|does ?n[o']t exist|not known|unknown)|unknown domain|bad destination (?:host|domain|system)|host (?:or domain name )?(?:unknown|not found)|nxdomain|null mx|does not accept mail|name does not exist|no mail (?:server|exchanger)/i },
  { means: "relayDenied", of: "failed", words: /relay(?:ing)?(?: access)? (?:denied|not (?:permitted|allowed)|prohibited|disallowed|forbidden)|unable to relay|(?:not|n't) (?:permitted to |allowed to |currently permitted to )?relay|no relaying|relay not/i },
  // Microsoft 365 answers "Access denied" with AS(201806281) for a recipient that its directory does not have
  { means: "mailboxUnknown", of: "failed", words: /user (?:is |was )?(?:unknown|not found)|unknown (?:user|recipient|local|mailbox|address)|no such (?:user|recipient|mailbox|address|person|account)|(?:user|account|address|mail ?box|recipient|alias)(?: \S+)? (?:(?:that )?you tried to reach )?(?:does ?n[o']t exist|not found|not exist|is (?:un(?:available|known)|disabled|inactive|invalid)|unknown|unavailable|disabled|inactive|invalid)|(?:no|invalid) (?:mailbox|recipient)\b|RecipNotFound|RecipientNotFound|not our customer|address rejected: (?:access denied|user|undeliverable|unverified|no such)|no longer (?:available|valid|in use|with)|does ?n[o']t have an? (?:\S+ )?account|undeliverable address|NoSuchUser/i },
  { means: "contentRefused", of: "failed", words: /unsolicited|(?:message|mail|content|it)(?: \w+){0,5} (?:as|is|be|contains?|considered|likely) (?:\w+ )?(?:spam|junk|virus|malware|phishing|suspicious)|content (?:filter|reject|refus|denied|scan|not)|virus|malware|infected|phish|attachment|spam (?:message|content|score|detected|probability)|probability of spam|(?:message|size)(?: \w+){0,4} (?:too (?:big|large|long)|exceeds)|(?:too (?:big|large)|size limit)|line(?:s)? (?:is |are )?too long|bare (?:cr|lf)|message rejected|banned (?:file|content)/i },
  { means: "blocked", of: "both", words: /block(?:ed|ing| ?list)|black ?list|\bdnsbl\b|\brbls?\b|spamhaus|spamcop|sorbs|barracuda|proofpoint|reputation|\blisted (?:in|on|at|by)\b|banned|\bS3(?:140|150)\b|client host (?:rejected|\S+ rejected)|access denied|sender (?:address )?rejected|reverse dns|\bptr\b|rejected for policy|policy (?:reasons?|violation|rejection)|not accepted from|(?:mail|messages?) from (?:your|this) (?:ip|server|network|domain)/i },
]

/** RFC 3463 §3 and the IANA registry; subject and detail, what has no line of its own by subject. Class 4 and 5 say only how long it lasts. */
const byStatus: Readonly<Record<string, BounceClass>> = {
  "1.0": "mailboxUnknown", "1.1": "mailboxUnknown", "1.2": "domainUnknown", "1.3": "mailboxUnknown", "1.6": "mailboxUnknown", "1.10": "domainUnknown",
  "2.1": "mailboxUnknown", "2.2": "mailboxFull", "2.3": "contentRefused", "3.4": "contentRefused", "4.4": "domainUnknown", "6": "contentRefused",
  "7.20": "authenticationFailed", "7.21": "authenticationFailed", "7.22": "authenticationFailed", "7.23": "authenticationFailed", "7.24": "authenticationFailed", "7.26": "authenticationFailed",
  "7.8": "authenticationFailed", "7.9": "authenticationFailed", "7": "blocked",
}

/** What is true of a delivery that will be tried again; of the rest a status of class 4 says nothing that lasts. */
const deferredByStatus: Readonly<Record<string, BounceClass>> = { "2.2": "mailboxFull", "4.1": "unreachable", "4.2": "unreachable", "7.28": "throttled", "7.650": "throttled" }

export function bounceClass({ kind, status, diagnostic }: Refusal): BounceClass {
  const said = byWords.find(({ of, words }) => (of === "both" || of === kind) && words.test(diagnostic))
  if (said) return said.means
  const [, subject = "", detail = ""] = status.split(".")
  if (kind === "deferred") {
    // RFC 5321 §3.8: 421 closes the channel, whatever comes after it
    return deferredByStatus[`${subject}.${detail}`] ?? (/^421\b/.test(diagnostic) ? "throttled" : "temporary")
  }
  return byStatus[`${subject}.${detail}`] ?? byStatus[subject] ?? "other"
}

const seconds = { s: 1, m: 60, h: 3_600 } as const

/** Nobody is asked again sooner, nor left alone longer because it said so. */
const minimumMs = 30_000
const maximumMs = 3_600_000
/** What most greylists are set to. */
const usualMs = 5 * 60_000

/** How long a greylist wants us to wait (ms): what it says, or the usual time. "try again in 300 seconds", "Greylisted for 5 minutes", "retry in 00:04:30". */
export function greylistWaitMs(diagnostic: string): number {
  const clock = /\b(\d{1,2}):(\d{2}):(\d{2})\b/.exec(diagnostic)
  if (clock) return bounded((Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3])) * 1_000)
  const told = /\b(?:in|for|after|wait|within)\s+(?:at least\s+|about\s+)?(\d{1,6})\s*(s|m|h)(?:ec|in|our)?/i.exec(diagnostic)
  const unit = told?.[2]?.toLowerCase()
  if (!told || (unit !== "s" && unit !== "m" && unit !== "h")) return usualMs
  return bounded(Number(told[1]) * seconds[unit] * 1_000)
}

const bounded = (ms: number): number => Math.min(Math.max(ms, minimumMs), maximumMs)
