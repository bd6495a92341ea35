import { join } from "node:path"
import { loadOrCreateKey, readKey } from "../base/key-file.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"

/** The key of app password hashes; a configured one must be there already. */
export const appPasswordKey = (config: Config): Promise<Buffer> =>
  config.auth.keyFile ? readKey(pathOr(config, config.auth.keyFile, "")) : loadOrCreateKey(join(config.dataDir, "keys", "credential.key"))
