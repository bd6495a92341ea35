import type { Scope } from "../../accounts/administrator.ts"

/** What limits a statement to an administrator's units. The only place that turns a scope into SQL. */
export const scopeValue = ({ roots }: Scope): readonly string[] | null => roots

/** A condition on a column of unit codes; `parameter` (`$1`) gets `scopeValue`. A tree with a cycle in it ends all the same: UNION keeps one of each. */
export const inScope = (column: string, parameter: string): string => `(${parameter}::text[] IS NULL OR ${column} IN (
  WITH RECURSIVE below (code) AS (
    SELECT unnest(${parameter}::text[]) UNION SELECT u.code FROM organization_unit u JOIN below b ON u.parent_code = b.code
  ) SELECT code FROM below))`
