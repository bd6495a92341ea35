import { join } from "node:path"
import type { Clock } from "../base/clock.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import { writeDevelopmentLists } from "../pki/development-lists.ts"
import { developmentTrust, openDevelopmentSmimeCa } from "../pki/development-smime-ca.ts"
import { loadTrust, type TrustSettings } from "../pki/trust-anchors.ts"
import { withDevelopmentFolder } from "./prepare.ts"

/** Whose signatures count, and the CRLs that are at hand for them. */
export interface Trust {
  readonly settings: TrustSettings
  /** URLs and files; see `pki.revocation.lists`. */
  readonly lists: readonly string[]
}

/**
 * The configured anchors; without any, which production refuses, the development CA of this data folder and its CRLs as files. Throws with one
 * sentence for each anchor that cannot be used: a system that trusted fewer than it was told would refuse good mail.
 */
export async function openTrust(config: Config, clock: Clock): Promise<Trust> {
  const { anchors, intermediateFiles, algorithms, revocation } = config.pki
  if (anchors.length === 0) return developmentTrustOf(config, clock)
  const loaded = await loadTrust({
    anchors: anchors.map((anchor) => ({ ...anchor, file: pathOr(config, anchor.file, "") })), intermediateFiles: intermediateFiles.map((file) => pathOr(config, file, "")), algorithms,
  })
  if (!loaded.ok) throw new Error(loaded.failure.map(({ anchor, reason }) => `pki.anchors: ${anchor} ${reason}`).join("; "))
  return { settings: loaded.value, lists: revocation.lists }
}

async function developmentTrustOf(config: Config, clock: Clock): Promise<Trust> {
  const dir = join(config.dataDir, "pki")
  return withDevelopmentFolder(config, async () => {
    const ca = await openDevelopmentSmimeCa({ dir, clock })
    const { rootFile, signingFile } = await writeDevelopmentLists({ ca, dir, revoked: [], now: clock.now() })
    return { settings: developmentTrust(ca, config.pki.algorithms), lists: [...config.pki.revocation.lists, rootFile, signingFile] }
  })
}
