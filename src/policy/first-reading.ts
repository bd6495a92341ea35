import { compilePolicy } from "./compile-policy.ts"
import { readPolicy } from "./read-policy.ts"

/**
 * The first policy that a process reads takes 30 ms of CPU, of which most is spent on code that has never run; the next takes 5. Read once while nobody waits,
 * it does not hold up whoever works while an administrator opens a policy.
 */
export function readPolicyFirst(text: string): void {
  const read = readPolicy(text)
  if (read.ok) compilePolicy(read.value)
}
