import { createHash } from "node:crypto"
import { once } from "node:events"
import { statSync } from "node:fs"
import { createServer } from "node:net"

/**
 * One holder at a time for a folder. The lock is a name in Linux's abstract socket namespace (unix(7)): taking it is atomic and
 * the kernel gives it back when the holder ends, however it ends, so there is no stale lock to judge.
 */
export interface FolderLock {
  release(): Promise<void>
}

/** Undefined when another process holds the folder. */
export async function lockFolder(dir: string): Promise<FolderLock | undefined> {
  const { dev, ino } = statSync(dir)
  const name = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 32)
  const server = createServer((socket) => socket.destroy())
  server.listen(`\0congthu-${name}`)
  try {
    await once(server, "listening")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined
    throw error
  }
  // held as long as the process lives, without keeping it alive
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}
