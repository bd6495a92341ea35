import { spawnSync } from "node:child_process"
import { mkdtempSync, rmdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"

const mayMount = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0

// as in a container: what was chrooted gets no user namespace (clone(2), EPERM)
test.skipIf(!mayMount)("root without user namespaces is told what to do (needs root that may mount)", () => {
  const home = mkdtempSync(join(tmpdir(), "congthu-rootless-"))
  const module = new URL("../../src/store/sql/embedded-postgres.ts", import.meta.url).href
  const script = `const { startEmbeddedPostgres } = await import(${JSON.stringify(module)}); await startEmbeddedPostgres({ dir: ${JSON.stringify(join(home, "postgres"))} }).then(() => console.log("it runs"), ({ message }) => console.log(message))`
  const { stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", 'mkdir "$0/root" && mount --rbind / "$0/root" && exec chroot "$0/root" "$@"', home, process.execPath, "--input-type=module", "-e", script], { encoding: "utf8", timeout: 60_000 })
  // what is mounted there in vain is not removed with it
  rmdirSync(join(home, "root"))
  rmSync(home, { recursive: true, force: true })
  expect(stdout, stderr).toMatch(/^initdb failed \(1\): unshare: .* start as an ordinary user, or name another server in DATABASE_URL$/m)
})
