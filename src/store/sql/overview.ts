import type { DirectoryFigures, OverviewStore } from "../overview-store.ts"
import type { Database } from "./database.ts"
import { inScope, scopeValue } from "./scope.ts"

/** The dashboard's figures in PostgreSQL. */
export function createOverviewStore({ database }: { readonly database: Pick<Database, "query"> }): OverviewStore {
  return {
    async directory(scope) {
      const [row] = await database.query<DirectoryFigures>(directory, [scopeValue(scope)])
      return row ?? { accounts: 0, holders: 0 }
    },
  }
}

const directory = {
  name: "overview-directory",
  text: `
    SELECT (SELECT count(*) FROM account WHERE suspended_at IS NULL AND ${inScope("unit_code", "$1")}) AS accounts,
      (SELECT count(*) FROM principal WHERE suspended_at IS NULL AND ${inScope("unit_code", "$1")}) AS holders`,
}
