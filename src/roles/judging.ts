import { readFile } from "node:fs/promises"
import type { NotifiedAdministrators } from "../accounts/notified-administrators.ts"
import type { App } from "../app.ts"
import { pathOr, policyFile } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import type { PolicyParts } from "../intake/accept.ts"
import { createJudging } from "../intake/judging.ts"
import { createPolicySource, type PolicySource } from "../intake/policy-source.ts"
import { createSignatureReader } from "../intake/signature-reader.ts"
import { createSigner } from "../intake/sign-on-behalf.ts"
import { createKeyRing, type KeyRingSetting } from "../pki/sign/key-ring.ts"
import { createVerifyPool } from "../pki/verify/verify-pool.ts"
import { sealFacts } from "../store/sealed-facts.ts"
import { createDecisionStore } from "../store/sql/decisions.ts"
import { createPolicyStore } from "../store/sql/policies.ts"
import { HealthFault } from "../telemetry/health.ts"
import { said } from "../telemetry/health-words.ts"
import { createPolicyLog } from "../telemetry/mail-log.ts"
import { openAuthenticator, openScanner, openTally } from "./inbound.ts"
import { registeredCertificates } from "./registered-certificates.ts"
import { openRevocation } from "./revocation.ts"
import { softwareName } from "./software.ts"
import { openStamp } from "./stamp.ts"

/** What a role needs where mail of others comes in: the policy in force, and all that its facts about signatures rest on. */
export async function openPolicyParts(app: App, administrators: NotifiedAdministrators): Promise<PolicyParts> {
  const { context: { config, clock, health, log }, database, directory, contents, sealer } = app
  const [policy, revocation] = await Promise.all([openPolicy(app), openRevocation(app)])
  const pool = createVerifyPool({ log })
  app.onClose(() => pool.close())
  const decisions = createDecisionStore({ database, clock })
  const policyLog = createPolicyLog(log)
  const stamp = openStamp(app)
  const authenticator = openAuthenticator(app)
  const scanner = openScanner(app)
  const keys = createKeyRing({ settings: config.signing.keys.map((key) => withPaths(config, key)), clock, log })
  app.onClose(() => keys.close())
  health.add("signingKeys", async () => {
    const problems = await keys.problems()
    if (problems.length > 0) throw new HealthFault(...problems.map((reason) => said("signingKeyUnusable", { reason })))
    return [config.signing.keys.length === 0 ? said("noSigningKeys") : said("signingKeys", { count: config.signing.keys.length })]
  })
  return {
    judging: createJudging({
      policy,
      signatures: createSignatureReader({ pool, statuses: revocation.statuses, stampStatuses: revocation.stampStatuses, registered: registeredCertificates(database, () => directory.current()) }),
      administrators: () => administrators.ofProvince(), seal: (facts) => sealFacts(sealer, facts), software: softwareName,
      ...(authenticator && { authenticator }), ...(scanner && { scanner }),
    }),
    ...(authenticator && { tally: openTally(app) }),
    signer: createSigner({ keys, ...(stamp && { stamp }), contents, maxBytes: config.smtp.maxMessageBytes, clock, log: policyLog }),
    recordRefused: (decision) => decisions.record(decision).catch((error: unknown) => policyLog.notRecorded({ ruleId: decision.ruleId, error })),
  }
}

/** Relative paths are taken from where the system was started, as everywhere in the configuration. */
function withPaths(config: Config, { pkcs12, pkcs11, ...key }: Config["signing"]["keys"][number]): KeyRingSetting {
  const path = (file: string): string => pathOr(config, file, "")
  return {
    ...key,
    ...(pkcs12 && { pkcs12: { file: path(pkcs12.file), passwordFile: path(pkcs12.passwordFile) } }),
    ...(pkcs11 && { pkcs11: { ...pkcs11, pinFile: path(pkcs11.pinFile), certificateFile: pkcs11.certificateFile === "" ? "" : path(pkcs11.certificateFile) } }),
  }
}

async function openPolicy(app: App): Promise<PolicySource> {
  const { config, log, health, metrics } = app.context
  const name = policyFile(config)
  const policy = await createPolicySource({ policies: createPolicyStore(app.database), feed: app.feed, file: { name, text: await readFile(name, "utf8") }, by: health.role, log: createPolicyLog(log) })
  app.onClose(() => policy.close())
  health.add("policy", async () => {
    const problem = policy.problem()
    if (problem !== null) throw new HealthFault(said("policyUnusable", { reason: problem }))
    return [said("policyInForce", { version: policy.current().version })]
  })
  metrics.gauge("policy_version", "Version of the policy this process decides by.", () => policy.current().version)
  return policy
}
