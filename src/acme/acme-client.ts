import type { KeyObject } from "node:crypto"
import { setTimeout as wait } from "node:timers/promises"
import { type ExternalAccount, externalAccountBinding, keyAuthorization, type Signer, signRequest } from "./account-key.ts"
import type { AcmeAnswer, AcmeHttp } from "./acme-http.ts"
import { type ChallengeListener, type ChallengeType, isToken } from "./challenges.ts"

/**
 * One certificate from an authority that speaks ACME (RFC 8555): account, order, proof that the names are ours, certificate. Everything that the authority sends is
 * looked at before it is used. Must not know: when a certificate is due, where it goes.
 */
export interface CertificateOrder {
  readonly directory: string
  readonly accountKey: KeyObject
  /** Addresses. */
  readonly contacts: readonly string[]
  readonly externalAccount: ExternalAccount | null
  /** Lower case A-labels. */
  readonly names: readonly string[]
  /** DER, for the same names. */
  readonly request: Buffer
  readonly challenge: ChallengeType
  readonly proofs: ChallengeListener
}

export interface AcmeMeans {
  readonly http: AcmeHttp
  /** Breaks off what is under way. */
  readonly signal: AbortSignal
}

/** The authority said no, or something that is not ACME. `retryAfterMs`: it asked to be left alone for so long. */
export class AcmeError extends Error {
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs = 0) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** PEM, the server certificate first. Rejects with AcmeError, or with an Error where nobody answers; either has one sentence. */
export async function orderCertificate(order: CertificateOrder, means: AcmeMeans): Promise<string> {
  const session = await openSession(order, means)
  const placed = await session.post(session.directory.newOrder, { identifiers: order.names.map((value) => ({ type: "dns", value })) })
  const location = placed.url
  for (const url of urlsOf(placed.body["authorizations"])) await authorize(session, order, url)
  const ready = await session.poll(location, ["pending"])
  if (ready.body["status"] === "ready") await session.post(urlOf(ready.body["finalize"]), { csr: order.request.toString("base64url") })
  const issued = await session.poll(location, ["ready", "processing"])
  if (issued.body["status"] !== "valid") throw new AcmeError(`the order is ${textOf(issued.body["status"])}${problemOf(issued.body["error"])}`)
  return (await session.post(urlOf(issued.body["certificate"]), null)).text
}

/** RFC 8555 §7.5: an authorization may be there from an earlier order. */
async function authorize(session: Session, { accountKey, challenge, proofs }: CertificateOrder, url: string): Promise<void> {
  const { body } = await session.post(url, null)
  const { value: name = "" } = objectOf(body["identifier"]) as { readonly value?: string }
  if (body["status"] === "valid") return
  const offered = listOf(body["challenges"]).map(objectOf)
  const chosen = offered.find(({ type }) => type === challenge)
  const token = textOf(chosen?.["token"])
  if (!chosen || !isToken(token)) throw new AcmeError(`${name}: the authority does not offer ${challenge}`)
  await proofs.show({ name, token, keyAuthorization: keyAuthorization(accountKey, token) })
  await session.post(urlOf(chosen["url"]), {})
  const looked = await session.poll(url, ["pending"])
  if (looked.body["status"] === "valid") return
  const failure = listOf(looked.body["challenges"]).map(objectOf).find((one) => one["error"] !== undefined)
  throw new AcmeError(`${name}: the authority does not find the proof${problemOf(failure?.["error"])}`)
}

interface Reply {
  /** Where the resource is: `Location`, or what was asked. */
  readonly url: string
  readonly text: string
  /** Empty when it is no JSON object. */
  readonly body: Json
  readonly retryAfterMs: number
}

type Json = Readonly<Record<string, unknown>>

interface Session {
  readonly directory: Directory
  post(url: string, payload: unknown): Promise<Reply>
  /** Asks until its status is none of these. */
  poll(url: string, waiting: readonly string[]): Promise<Reply>
}

interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
}

/** A nonce may be refused at any time (RFC 8555 §6.5); an authority that refuses so many in a row is broken. */
const maxBadNonces = 20
const firstPollMs = 250
const longestPollMs = 10_000

async function openSession({ directory: directoryUrl, accountKey, contacts, externalAccount }: CertificateOrder, { http, signal }: AcmeMeans): Promise<Session> {
  const found = replyOf(await http.send({ method: "GET", url: directoryUrl }), directoryUrl)
  const directory = { newNonce: urlOf(found.body["newNonce"]), newAccount: urlOf(found.body["newAccount"]), newOrder: urlOf(found.body["newOrder"]) }
  let signer: Signer = { key: accountKey, account: null }
  let nonce = ""
  const post = async (url: string, payload: unknown): Promise<Reply> => {
    for (let tries = 1; ; tries++) {
      if (nonce === "") nonce = (await http.send({ method: "HEAD", url: directory.newNonce })).header("replay-nonce")
      const answer = await http.send({ method: "POST", url, body: JSON.stringify(signRequest(signer, { url, nonce, payload })) })
      nonce = answer.header("replay-nonce")
      if (tries < maxBadNonces && objectOf(json(answer.body))["type"] === "urn:ietf:params:acme:error:badNonce") continue
      return replyOf(answer, url)
    }
  }
  const poll = async (url: string, waiting: readonly string[]): Promise<Reply> => {
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(pauseMs * 2, longestPollMs)) {
      const reply = await post(url, null)
      if (!waiting.includes(textOf(reply.body["status"]))) return reply
      await wait(Math.min(reply.retryAfterMs || pauseMs, longestPollMs), undefined, { signal })
    }
  }
  // RFC 8555 §7.3.1: a key that has an account gets that one again
  const account = await post(directory.newAccount, {
    termsOfServiceAgreed: true,
    ...(contacts.length > 0 && { contact: contacts.map((address) => `mailto:${address}`) }),
    ...(externalAccount && { externalAccountBinding: externalAccountBinding(externalAccount, accountKey, directory.newAccount) }),
  })
  signer = { key: accountKey, account: account.url }
  return { directory, post, poll }
}

function replyOf(answer: AcmeAnswer, asked: string): Reply {
  const body = objectOf(json(answer.body))
  const retryAfterMs = retryAfter(answer.header("retry-after"))
  if (answer.status < 200 || answer.status > 299) throw new AcmeError(`${new URL(asked).host} answered ${answer.status}${problemOf(body)}`, retryAfterMs)
  const location = answer.header("location")
  return { url: location === "" ? asked : urlOf(location), text: answer.body, body, retryAfterMs }
}

/** RFC 9110 §10.2.3. A date is not waited for: authorities give seconds. */
const retryAfter = (text: string): number => (/^\d{1,7}$/.test(text) ? Number(text) * 1000 : 0)

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
const objectOf = (value: unknown): Json => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {})
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, maxNames) : [])
const textOf = (value: unknown): string => (typeof value === "string" ? value : "")
const urlsOf = (value: unknown): readonly string[] => listOf(value).map(urlOf)
const maxNames = 100

/** RFC 8555 §6.1: everything is over HTTPS. */
function urlOf(value: unknown): string {
  const text = textOf(value)
  if (text.length > 2_048 || !URL.canParse(text) || new URL(text).protocol !== "https:") throw new AcmeError("the authority's answer lacks a URL that ACME has there")
  return text
}

/** RFC 7807, as one phrase; its words go to logs and terminals. */
function problemOf(value: unknown): string {
  const { type, detail } = objectOf(value)
  const kind = textOf(type).replace("urn:ietf:params:acme:error:", "")
  // oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
  const words = [kind, textOf(detail)].filter((text) => text !== "").join(": ").replace(/[\x00-\x1f\x7f-\x9f]/g, " ").slice(0, 500)
  return words === "" ? "" : ` (${words})`
}
