import { authenticityWords, scanWords } from "./assumed-outside.ts"
import type { CommandKit } from "./command-kit.ts"
import { explainMessage, type ExplainOptions, signatureWords } from "./policy-explain.ts"
import { checkPolicy } from "./policy-file.ts"
import { replayPolicy, type ReplayOptions } from "./policy-replay.ts"
import { applyPolicy, rollbackPolicy, showPolicy, showPolicyHistory, type WhyOptions } from "./policy-versions.ts"

/** `congthu policy …`. */
export function addPolicyCommands({ program, command, run, finish }: CommandKit): void {
  const policy = program.command("policy").description("the rules that messages must satisfy (docs/policy.md)")

  policy
    .command("check <file>")
    .description("check a policy file; every mistake is told with line and column, exit code 1")
    .action(async (file: string) => finish(await checkPolicy(file)))

  command(policy, "explain <message>")
    .description("what the policy in force says of a message, rule by rule; nothing is sent")
    .requiredOption("--from <address>", "reverse-path; whoever signed in is taken to be allowed to send as it and as the message's From and Sender")
    .requiredOption("--to <address...>", "recipients; aliases and groups are opened")
    .option("--outside", "the message comes from another server, nobody signs in")
    .option("--auth <how>", "password, appPassword, certificate or local", "password")
    .option("--tls <version>", "TLSv1.3, TLSv1.2 or none", "TLSv1.3")
    .option("--at <time>", "when it arrives, in Vietnam, such as 2028-01-01 or 2028-01-01T08:30; now when absent")
    .option("--signature <words>", `assume the signature: ${signatureWords}`)
    .option("--authenticity <words>", `assume of mail from outside: ${authenticityWords}`)
    .option("--scan <word>", `assume that a scanner found: ${scanWords}`)
    .option("--policy <file>", "by this file instead of the policy in force")
    .addHelpText("after", '\nExample:\n  npm run congthu -- policy explain thu.eml --from vp@sonv.tinh.example --to vp@soyt.tinh.example --signature expired')
    .action((message: string, options: ExplainOptions) => run((context) => explainMessage(context, message, options))())

  command(policy, "replay <file>")
    .description("what a changed policy would have decided otherwise, before it is put in force")
    .option("--since <duration>", "how far back", "30d")
    .option("--as-of <date>", "as if all had arrived on this day: for rules with from and until")
    .addHelpText("after", "\nExample:\n  npm run congthu -- policy replay --since 30d new-policy.yaml")
    .action((file: string, options: ReplayOptions) => run((context) => replayPolicy(context, file, options))())

  command(policy, "apply <file>")
    .description("put a policy in force in all processes; a bad file changes nothing")
    .requiredOption("--why <text>", "for the history: which decision it rests on")
    .action((file: string, options: WhyOptions) => run((context) => applyPolicy(context, file, options))())

  command(policy, "history")
    .description("list versions: number (* in force), time, who, how, start of the SHA-256, why")
    .action(() => run(showPolicyHistory)())

  command(policy, "rollback <version>")
    .description("put the text of an earlier version in force again, as a new version")
    .requiredOption("--why <text>", "for the history")
    .action((version: string, options: WhyOptions) => run((context) => rollbackPolicy(context, version, options))())

  command(policy, "show [version]")
    .description("print the policy in force, or an earlier version")
    .action((version: string | undefined) => run((context) => showPolicy(context, version))())
}
