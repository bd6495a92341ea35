import type { ReportWorkerParts } from "../../queue-workers/report.worker.ts"
import type { App } from "../app.ts"
import { systemRandom } from "../base/random.ts"
import { createSigningKeys } from "../delivery/outgoing/signing-keys.ts"
import { openResolver } from "../dns/open-resolver.ts"
import type { Intake } from "../intake/intake.ts"
import { createDmarcMaker } from "../reports/dmarc-maker.ts"
import { saveDmarcReport } from "../reports/dmarc-save.ts"
import { createOwnReports } from "../reports/own-reports.ts"
import { createReportThread } from "../reports/read-in-thread.ts"
import { createReceivedReports } from "../reports/received-reports.ts"
import type { Reporter } from "../reports/report-maker.ts"
import { type FoundReporter, reporterOf } from "../reports/reporter.ts"
import { saveTlsReport } from "../reports/save-tls-report.ts"
import { createSendByMail } from "../reports/send-by-mail.ts"
import { createSendByPost } from "../reports/send-by-post.ts"
import { createTlsReportMaker } from "../reports/tls-report-maker.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import { createDmarcStore } from "../store/sql/dmarc.ts"
import { createOwnReportStore } from "../store/sql/own-reports.ts"
import { createReceivedDmarcStore } from "../store/sql/received-dmarc-reports.ts"
import { createReceivedTlsStore } from "../store/sql/received-tls-reports.ts"
import { createReportMailStore } from "../store/sql/report-mail.ts"
import { createTlsReportStore } from "../store/sql/tls-policies.ts"
import { said, type Said } from "../telemetry/health-words.ts"
import { createReportLog } from "../telemetry/mail-log.ts"
import { softwareName } from "./software.ts"

/** What makes, sends and reads reports, as configured. */
export function reportUpkeep(app: App, intake: Intake): Omit<ReportWorkerParts, "log"> {
  const { database, sealer, contents, directory, context: { config, clock, log, health } } = app
  const resolver = openResolver(config.dns, clock)
  const reportLog = createReportLog(log)
  const reporter = openReporter(app)
  health.add("reports", async () => {
    const found = await reporter()
    return [saidOf(found)]
  })
  const receivedTls = createReceivedTlsStore(database)
  const receivedDmarc = createReceivedDmarcStore(database)
  const isLocalDomain = (domain: string): boolean => directory.current().isLocalDomain(domain)
  return {
    ownReports: createOwnReports({
      store: createOwnReportStore(database),
      makers: [
        createTlsReportMaker({ counts: createTlsReportStore(database), resolver, outboundAddresses: config.dns.outboundAddresses }),
        createDmarcMaker({ counts: createDmarcStore(database), resolver, software: softwareName, clock }),
      ],
      reporter: async () => reporterIn(await reporter()),
      sendByMail: createSendByMail({ intake, contents, hostname: config.hostname, clock }),
      sendByPost: createSendByPost({ resolver }),
      spreadMs: config.reports.spread, clock, random: systemRandom, log: reportLog,
    }),
    receivedReports: createReceivedReports({
      mails: createReportMailStore({ database, sealer }),
      contents,
      openThread: createReportThread,
      save: ({ kind, report }, mail) =>
        kind === "tls" ? saveTlsReport(report, mail, { store: receivedTls, isLocalDomain }) : saveDmarcReport(report, mail, { store: receivedDmarc, isLocalDomain, hostname: config.hostname }),
      log: reportLog,
    }),
    exclusively: app.exclusive("reports"),
    everyMs: config.reports.check,
  }
}

function saidOf(found: FoundReporter): Said {
  switch (found.kind) {
    case "reporter":
      return said("reportsSent", { from: found.reporter.from })
    case "off":
      return said("reportsOff")
    case "notPublic":
      return said("reportsNowhere", { domain: found.domain })
    case "noKeys":
      return said("reportsUnsigned", { domain: found.domain })
  }
}

const reporterIn = (found: FoundReporter): Reporter | undefined => (found.kind === "reporter" ? found.reporter : undefined)

/** RFC 8460 §3: reports are signed by the domain that they are from; without keys nobody would believe them. */
function openReporter({ database, sealer, directory, context: { config, clock } }: App): () => Promise<FoundReporter> {
  const keys = createSigningKeys({ store: createDkimKeyStore({ database, sealer }), clock })
  return async () => {
    const found = reporterOf(config.reports, directory.current(), config.hostname)
    if (found.kind !== "reporter" || (await keys.of(found.reporter.domain)).length > 0) return found
    return { kind: "noKeys", domain: found.reporter.domain }
  }
}

/** Reports that are too old; returns how many rows. */
export async function forgetReports({ database, sealer, context: { config, clock } }: App): Promise<number> {
  const before = clock.now() - config.reports.keep
  const own = await createOwnReportStore(database).forget(new Date(before).toISOString().slice(0, 10))
  return own + (await createReportMailStore({ database, sealer }).forget(before)) + (await createReceivedTlsStore(database).forget(before)) + (await createReceivedDmarcStore(database).forget(before))
}
