import type { Organization } from "./organization.ts"

/**
 * Who may do what in the console, and to which units. Pure. Whoever holds no role sees the pages about himself only.
 * Must not know: SQL, HTTP.
 */
export const administratorRoles = ["province", "unit", "auditor", "operator"] as const
export type AdministratorRole = (typeof administratorRoles)[number]

export interface Grant {
  readonly role: AdministratorRole
  /** The top of the subtree, for `unit` only. */
  readonly unitCode: string | null
}

export const capabilities = [
  "overview:read", "directory:read", "directory:write", "certificates:read", "certificates:write", "policy:read", "policy:write", "queue:read", "queue:write",
  "trace:read", "held:read", "held:decide", "sessions:read", "sessions:end", "notifications:read", "notifications:write", "audit:read", "reports:read", "administrators:read", "administrators:write", "webhooks:read", "webhooks:write",
] as const
export type Capability = (typeof capabilities)[number]

const readOnly = capabilities.filter((capability) => capability.endsWith(":read"))

const capabilitiesOf: Readonly<Record<AdministratorRole, readonly Capability[]>> = {
  province: capabilities,
  unit: ["overview:read", "directory:read", "directory:write", "certificates:read", "certificates:write", "held:read", "held:decide", "sessions:read", "sessions:end", "reports:read", "webhooks:read", "webhooks:write"],
  auditor: readOnly,
  operator: ["overview:read", "queue:read", "queue:write", "trace:read", "held:read", "held:decide"],
}

/** What a person's roles are worth in a directory that moves: units may come below others tomorrow. */
export interface Authority {
  readonly grants: readonly Grant[]
  readonly organization: Pick<Organization, "unitPath">
}

/** With a unit: whether this may be done there. Without: whether it may be done anywhere; what is shown then goes through `scopeOf`. */
export function may(authority: Authority, capability: Capability, unitCode?: string): boolean {
  const scope = scopeOf(authority.grants, capability)
  return scope !== undefined && (unitCode === undefined || covers(scope, unitCode, authority.organization))
}

declare const granted: unique symbol

/** The units that a list or a change is limited to. Made by `scopeOf` alone, so that a port which demands one gets what the roles say. */
export interface Scope {
  readonly [granted]: true
  /** Tops of subtrees; null: everything, also what belongs to no unit. */
  readonly roots: readonly string[] | null
}

/** Undefined: no role gives this capability. */
export function scopeOf(grants: readonly Grant[], capability: Capability): Scope | undefined {
  const giving = grants.filter(({ role }) => capabilitiesOf[role].includes(capability))
  if (giving.length === 0) return undefined
  const everywhere = giving.some(({ role }) => role !== "unit")
  return { roots: everywhere ? null : giving.flatMap(({ unitCode }) => (unitCode === null ? [] : [unitCode])) } as Scope
}

/** The scope of work that goes on after the request which it was checked in; only for stores that keep what `scopeValue` gave. */
export const keptScope = (roots: readonly string[] | null): Scope => ({ roots }) as Scope

/** Whether a unit is one of the scope's, or below one. */
export const covers = ({ roots }: Scope, unitCode: string, organization: Pick<Organization, "unitPath">): boolean =>
  roots === null || organization.unitPath(unitCode).some(({ code }) => roots.includes(code))
