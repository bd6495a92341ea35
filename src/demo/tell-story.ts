import type { Config } from "../config/schema.ts"
import { storyLines } from "../delivery/story.ts"
import { findDatabaseUrl } from "../store/sql/connect.ts"
import { openDatabase } from "../store/sql/database.ts"
import { createStoryStore } from "../store/sql/story.ts"

/** What became of a message, step by step, as the store knows it. */
export async function tellStory(config: Config, messageId: string, say: (line: string) => void): Promise<void> {
  const url = findDatabaseUrl(config)
  if (url === undefined) throw new Error(`no system is running on ${config.dataDir}`)
  const database = openDatabase({ url, poolSize: 1, applicationName: "congthu demo" })
  try {
    const stories = await createStoryStore({ database }).byMessageId(messageId.replace(/^<|>$/g, ""), 1)
    for (const line of stories.flatMap(storyLines)) say(`  ${line}`)
  } finally {
    await database.close()
  }
}
