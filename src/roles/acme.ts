import { readFile } from "node:fs/promises"
import type { AcmeWorkerParts } from "../../queue-workers/acme.worker.ts"
import { acmeFiles, type CertificateKeeper, createCertificateKeeper } from "../acme/certificate-keeper.ts"
import { openChallengeFolder, openChallengeListener } from "../acme/challenges.ts"
import type { App } from "../app.ts"
import { pathOr } from "../config/load.ts"
import { createAcmeLog } from "../telemetry/mail-log.ts"
import { HealthFault, type HealthWarning } from "../telemetry/health.ts"
import { said, type Said } from "../telemetry/health-words.ts"
import { acmeFolder, acmeNames } from "./prepare.ts"

const lookEveryMs = 60_000
const day = 86_400_000

/** What the role `worker` needs to keep the listeners' certificate in force; undefined where none comes by ACME. Throws when a file of the configuration cannot be read. */
export async function certificateUpkeep(app: App): Promise<Omit<AcmeWorkerParts, "log"> | undefined> {
  const { config, clock, log, health, metrics, onReload } = app.context
  const { directory, contacts, challenge, port, authorities, externalKeyId, externalKeyFile } = config.tls.acme
  if (directory === "") return undefined
  const dir = acmeFolder(config)
  const keeper = createCertificateKeeper({
    dir, directory, contacts, challenge, clock,
    names: acmeNames(config),
    authorities: await Promise.all(authorities.map((file) => readFile(pathOr(config, file, ""), "utf8"))),
    externalAccount: externalKeyId === "" ? null : { keyId: externalKeyId, macKey: (await readFile(pathOr(config, externalKeyFile, ""), "utf8")).trim() },
    proofs: () => (port === 0 ? openChallengeFolder(acmeFiles(dir).challenges) : openChallengeListener(challenge, { host: config.listen.host, port }, clock)),
    log: createAcmeLog(log),
  })
  health.add("acme", () => standing(keeper, clock.now()))
  metrics.gauge("acme_failures", "Orders for the listeners' certificate that failed since the last that did not.", async () => (await keeper.state()).failures)
  metrics.gauge("acme_next_attempt_seconds", "When the next order is tried after one that failed, seconds since the epoch; 0: none failed.", async () => (await keeper.state()).nextAt / 1000)
  return { keeper, exclusively: app.exclusive("acme"), everyMs: lookEveryMs, onReload }
}

/** Throws where clients that check certificates are turned away, or soon will be. */
async function standing(keeper: CertificateKeeper, now: number): Promise<readonly Said[] | HealthWarning> {
  const { due, lacking, issued, notAfter, failures, reason, nextAt } = await keeper.state()
  if (due === null) return [said("acmeInForce", { date: notAfter })]
  const ordered = !issued ? said("acmeUnsigned") : lacking.length > 0 ? said("acmeLacks", { names: lacking.join(", ") }) : said("acmeEnds", { date: notAfter })
  const wanted = failures === 0 ? ordered : said("acmeFailed", { failures, reason, at: nextAt })
  if (failures > 0 && (!issued || notAfter - now <= day)) throw new HealthFault(wanted)
  return { warning: [wanted] }
}
