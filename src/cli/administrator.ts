import { userInfo } from "node:os"

/** Who ran the command, for the audit; a container may run it as a user without a name, which makes `userInfo` throw. */
export function administrator(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`
  }
}
