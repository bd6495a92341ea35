/** Templates of notifications in versions: a version never changes, a new one is put beside it. Must not know: what is in a document. */
export interface TemplateStore {
  /** The newest version, or the one asked for. */
  find(name: string, version?: number): Promise<StoredTemplate | undefined>
  /** Numbers of the newest versions, in the order of the names. */
  newestVersions(names: readonly string[]): Promise<readonly (number | undefined)[]>
  /** The newest version of each, by name. */
  list(): Promise<readonly StoredTemplate[]>
  /** As the next version; its number. */
  put(template: NewTemplate): Promise<number>
  /** What a shipped file holds, where there is none of that name, or the newest one is from an older file; false when nothing was to do. */
  ship(template: NewTemplate & { readonly sha256: Uint8Array }): Promise<boolean>
}

export interface NewTemplate {
  readonly name: string
  readonly document: object
  readonly by: string
}

export interface StoredTemplate {
  readonly name: string
  readonly version: number
  /** As `put`: JSON. */
  readonly document: unknown
  readonly createdAt: number
  readonly createdBy: string
  readonly shipped: boolean
}
