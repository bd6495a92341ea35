import type { Command } from "commander"
import type { CommandContext } from "./context.ts"

/** How a command is added and run, as congthu.ts has it. */
export interface CommandKit {
  readonly program: Command
  /** Adds a command that takes `--config` and `--data-dir` too. */
  readonly command: (parent: Command, usage: string) => Command
  /** Runs work that needs the configuration and the database. */
  readonly run: (work: (context: CommandContext) => Promise<number>) => () => Promise<void>
  /** The exit code of work that needs neither. */
  readonly finish: (exitCode: number) => void
}
