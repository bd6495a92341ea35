import type { Sealer } from "../sealing.ts"
import type { EditorParts } from "./directory-editor.ts"

/** New one-time passwords, as they are shown and as they are kept. */
export type OneTimePasswords = () => { readonly text: string; readonly hash: string }

export interface BulkParts extends EditorParts {
  readonly sealer: Pick<Sealer, "seal" | "open">
  readonly oneTimePasswords: OneTimePasswords
}

/** Binds a sealed password to its row, so that rows cannot be exchanged on the disk. */
export const secretPlace = (jobId: number, line: number): string => `bulk ${jobId} ${line}`
