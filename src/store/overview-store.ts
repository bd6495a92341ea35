import type { Scope } from "../accounts/administrator.ts"

/** Figures for the console's dashboard. */
export interface OverviewStore {
  directory(scope: Scope): Promise<DirectoryFigures>
}

/** What is not suspended. */
export interface DirectoryFigures {
  readonly accounts: number
  readonly holders: number
}
