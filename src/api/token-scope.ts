import { type Capability, type Scope, scopeOf } from "../accounts/administrator.ts"
import type { ApiTokenHolder } from "../accounts/api-token.ts"

/** What a token may see and change: as a unit's administrator, or as the province's. The store's ports demand it. */
export function scopeOfToken({ unitCode }: Pick<ApiTokenHolder, "unitCode">, capability: Capability): Scope {
  const scope = scopeOf([unitCode === null ? { role: "province", unitCode } : { role: "unit", unitCode }], capability)
  if (!scope) throw new Error(`no role gives ${capability}`)
  return scope
}

/** Who it was, for what a store notes beside the audit's own actor. */
export const tokenName = ({ name }: Pick<ApiTokenHolder, "name">): string => `token ${name}`
