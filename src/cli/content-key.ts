import { join } from "node:path"
import { loadOrCreateKey, readKey } from "../base/key-file.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"

/** The key that contents and facts are sealed with. */
export const contentKey = (config: Config): Promise<Buffer> => (config.store.keyFile ? readKey(pathOr(config, config.store.keyFile, "")) : loadOrCreateKey(join(config.dataDir, "keys", "content.key")))
