import type { CommandKit } from "./command-kit.ts"
import type { GlobalOptions } from "./context.ts"
import { exportEvidence, type ExportOptions, verifyEvidenceFile, type VerifyOptions } from "./evidence-command.ts"

/** The words of `congthu evidence …`. */
export function addEvidenceCommands({ program, command, run, finish }: CommandKit): void {
  const evidence = program.command("evidence").description("why signed messages were decided upon as they were")
  command(evidence, "export <message>")
    .description("write one message's evidence to a file that can be verified years later: MESSAGE is an envelope's number or a Message-ID")
    .option("--out <file>", "file to write; standard output when absent")
    .option("--no-message", "leave the message itself out; its SHA-256 stays")
    .addHelpText("after", "\nExample:\n  npm run congthu -- evidence export '<20261126.1@sonv.tinh.example>' --out evidence.json")
    .action((message: string, options: ExportOptions) => run((context) => exportEvidence(context, message, options))())
  command(evidence, "verify <file>")
    .description("verify such a file for the time when the message was accepted, without database and network")
    .option("--trust <file>", "certificates of the authorities that you trust; those of the configuration when absent")
    .option("--message <file>", "the message, for a file without it")
    .addHelpText("after", "\nExit codes: 0 everything holds, 3 nothing is wrong but something rests on others' word, 1 something does not hold, 65 the file is damaged.\n\nExample:\n  npm run congthu -- evidence verify evidence.json --trust root-ca.pem")
    .action(async (file: string, options: VerifyOptions) => {
      finish(await verifyEvidenceFile(program.opts<GlobalOptions>(), file, options))
    })
}
