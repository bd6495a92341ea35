import { seedDirectory } from "../../mailboxes-seed/seed.ts"
import { systemClock } from "../base/clock.ts"
import { createProgress } from "../cli/progress.ts"
import type { Config } from "../config/schema.ts"
import { makeFirstDkimKeys } from "./first-dkim-keys.ts"
import { openDatabase } from "../store/sql/database.ts"

/** Fills an empty directory with the demonstration province, showing how far it is; does nothing at a later start. */
export async function seedAtFirstStart(config: Config, databaseUrl: string): Promise<void> {
  const database = openDatabase({ url: databaseUrl, poolSize: 4, applicationName: "congthu seed" })
  let progress: ReturnType<typeof createProgress> | undefined
  try {
    await seedDirectory({
      database,
      config,
      onProgress(done, total) {
        progress ??= createProgress("Tạo danh bạ mẫu (seeding)")
        progress.update(done, total)
      },
    })
    await makeFirstDkimKeys({ database, config, clock: systemClock })
  } finally {
    progress?.stop()
    await database.close()
  }
}
