import type { App } from "../../../src/app.ts"
import type { PolicyParts } from "../../../src/intake/accept.ts"
import { decide } from "../../../src/intake/decide.ts"
import type { AcceptRequest } from "../../../src/intake/intake.ts"
import { openAdministrators } from "../../../src/roles/administrators.ts"
import { openPolicyParts } from "../../../src/roles/judging.ts"
import type { ContentStore, PreparedContent } from "../../../src/store/content-store.ts"
import { type BenchCase, type Figure, milliseconds, perSecond } from "../bench-case.ts"
import type { BenchKeyType } from "../certificates.ts"
import { inParallel, timed } from "../samples.ts"
import type { Target } from "../target.ts"
import { writeLetters } from "./signed.ts"

/** What the smtp role does with a signed message between its last byte and the commit, and nothing else. */
const count = 1000
const inFlight = 20
/** Twenty of each certificate, of both kinds before either is measured: threads run, code is compiled, paths and CRLs are remembered. */
const warmUp = 400

export const signedDecide: BenchCase = {
  name: "signed-decide",
  title: `Signed messages, 20 KB, ${inFlight} in flight, verified and decided in this process: no network, no commit; ECDSA P-256, then RSA 2048`,
  engine: "redis",
  runs: 3,
  async run(target) {
    const app = await target.openRoleApp?.()
    if (!app) throw new Error("what it thinks of a signature cannot be measured without its network and its commit")
    try {
      const { judging } = await openPolicyParts(app, await openAdministrators(app))
      const decideAll = (requests: readonly AcceptRequest[]): Promise<void> => inParallel(requests.length, inFlight, (index) => decideOne(app, judging, requests[index]))
      const ecdsa = await writeRequests(target, app, "P-256")
      const rsa = await writeRequests(target, app, "rsa2048")
      for (const requests of [ecdsa, rsa]) await decideAll(requests.slice(count))
      return [...(await measure("ECDSA", () => decideAll(ecdsa.slice(0, count)))), ...(await measure("RSA", () => decideAll(rsa.slice(0, count))))]
    } finally {
      await app.close()
    }
  },
}

/** The CPU is that of this process with its threads, which does here what the role does there. */
async function measure(label: string, work: () => Promise<void>): Promise<readonly Figure[]> {
  const before = process.cpuUsage()
  const { ms } = await timed(work)
  const { user, system } = process.cpuUsage(before)
  return [perSecond(`decided ${label}`, count, ms), milliseconds(`CPU each ${label}`, (user + system) / 1000 / count)]
}

/** As intake does it, up to the commit. */
async function decideOne({ directory, context }: App, judging: PolicyParts["judging"], request: AcceptRequest | undefined): Promise<void> {
  if (!request) throw new Error("there is no such message")
  const snapshot = directory.current()
  const now = context.clock.now()
  const decision = decide(request, { directory: snapshot, now, maxFinalRecipients: 1 })
  if (decision.kind === "refused") throw new Error(decision.verdict.reasonEn)
  const judged = await judging.begin(request)?.judge(decision, snapshot, now)
  if (!judged?.ok) throw new Error(judged?.failure.detail ?? "the message was not judged")
  const { facts: { signature }, verdict, evidence } = judged.value
  if (signature.status !== "valid" || verdict.kind !== "accept" || !evidence) throw new Error(`a message was judged ${signature.status} (${signature.problems.join(", ")}), ${verdict.kind} by ${verdict.ruleId}`)
}

/** What DATA would have handed to intake, for messages none like another. */
async function writeRequests(target: Target, { directory, contents }: App, keyType: BenchKeyType): Promise<readonly AcceptRequest[]> {
  const requests: AcceptRequest[] = []
  for (const { letter: { reversePath, recipients, message } } of await writeLetters(target, count + warmUp, keyType)) {
    const found = directory.current().resolve(reversePath)
    if (found.kind !== "account") throw new Error(`${reversePath} is no account`)
    const accountId = found.account.id
    const principalId = `bench:${reversePath}`
    requests.push({
      source: "submission", content: await prepare(contents, message),
      envelope: { reversePath, recipients: recipients.map((forwardPath) => ({ forwardPath })), requireTls: false, smtpUtf8: false },
      session: { sessionId: "bench", clientAddress: "127.0.0.1", helo: "bench", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384", accountId, principalId },
      submitter: { login: { accountId, address: reversePath, principalId, credentialId: 0, via: "appPassword" }, headerFrom: [reversePath], headerSender: [] },
    })
  }
  return requests
}

async function prepare(contents: ContentStore, message: Uint8Array): Promise<PreparedContent> {
  const writer = contents.begin(message.length)
  const written = await writer.write(message)
  const content = written.ok ? await writer.finish() : written
  if (!content.ok) throw new Error(content.failure.detail)
  return content.value
}
