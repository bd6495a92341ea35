import { enterpriseSchema, groupSchema, userSchema } from "./resource-names.ts"
import type { JsonObject } from "./json.ts"

/** What this server is and has (RFC 7643 §5-§7, RFC 7644 §4). Pure. */
export const maxResults = 200
export const maxOperations = 100
export const maxPayloadBytes = 4 * 1024 * 1024

export const providerConfig = (base: string): JsonObject => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"], patch: { supported: true }, bulk: { supported: true, maxOperations, maxPayloadSize: maxPayloadBytes }, filter: { supported: true, maxResults },
  changePassword: { supported: false }, sort: { supported: true }, etag: { supported: true },
  authenticationSchemes: [{ type: "oauthbearertoken", name: "Bearer token", description: "A token with the scope `scim`, made with `congthu token create`", primary: true }],
  meta: { resourceType: "ServiceProviderConfig", location: `${base}/ServiceProviderConfig` },
})

export const resourceTypes = (base: string): readonly JsonObject[] => [
  { name: "User", endpoint: "/Users", description: "A person and its mailbox", schema: userSchema, schemaExtensions: [{ schema: enterpriseSchema, required: false }] },
  { name: "Group", endpoint: "/Groups", description: "A mail group", schema: groupSchema, schemaExtensions: [] },
].map((type) => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], id: type.name, ...type, meta: { resourceType: "ResourceType", location: `${base}/ResourceTypes/${type.name}` } }))

interface Attribute {
  readonly type?: "string" | "boolean" | "reference" | "complex"
  readonly description?: string
  readonly many?: true
  readonly required?: true
  readonly exact?: true
  readonly mutability?: "readOnly" | "immutable" | "readWrite"
  readonly uniqueness?: "server" | "none"
  readonly choices?: readonly string[]
  readonly refers?: readonly string[]
  readonly parts?: Readonly<Record<string, Attribute>>
}

const shown = (name: string, { type = "string", description = name, many, required, exact, mutability = "readWrite", uniqueness = "none", choices, refers, parts }: Attribute): JsonObject => ({
  name, type, multiValued: many === true, description, required: required === true, caseExact: exact === true, mutability, returned: "default", ...(type !== "boolean" && type !== "complex" && { uniqueness }),
  ...(choices && { canonicalValues: choices }), ...(refers && { referenceTypes: refers }), ...(parts && { subAttributes: attributes(parts) }),
})

const attributes = (all: Readonly<Record<string, Attribute>>): readonly JsonObject[] => Object.entries(all).map(([name, attribute]) => shown(name, attribute))

const readOnly = { mutability: "readOnly" } as const

const definitions: readonly { readonly id: string; readonly name: string; readonly description: string; readonly all: Readonly<Record<string, Attribute>> }[] = [
  {
    id: userSchema, name: "User", description: "A person and its mailbox",
    all: {
      userName: { required: true, uniqueness: "server", description: "The mailbox's address where it is in a domain of this system's; else what the client calls the person, and the address is made by the unit's rule" },
      name: { type: "complex", parts: { formatted: {}, familyName: {}, middleName: {}, givenName: {} } },
      displayName: { description: "The whole name, the family name first" }, title: {}, active: { type: "boolean", description: "False: person and mailbox are suspended" },
      emails: { type: "complex", many: true, ...readOnly, description: "The mailbox's addresses", parts: { value: readOnly, type: { ...readOnly, choices: ["work", "other"] }, primary: { type: "boolean", ...readOnly } } },
      phoneNumbers: { type: "complex", many: true, description: "One, at work", parts: { value: {}, type: { choices: ["work"] } } },
      groups: { type: "complex", many: true, ...readOnly, parts: { value: readOnly, $ref: { type: "reference", ...readOnly, refers: ["Group"] }, display: readOnly, type: { ...readOnly, choices: ["direct"] } } },
    },
  },
  {
    id: groupSchema, name: "Group", description: "A mail group",
    all: {
      displayName: { required: true, description: "At its creation an address, or a name that an address is made of" },
      members: { type: "complex", many: true, parts: { value: { mutability: "immutable", exact: true, description: "A User's id, or an address of this system's" }, $ref: { type: "reference", mutability: "immutable", refers: ["User", "Group"] }, type: { mutability: "immutable", choices: ["User", "Group"] }, display: readOnly } },
    },
  },
  {
    id: enterpriseSchema, name: "EnterpriseUser", description: "Where a person belongs",
    all: {
      employeeNumber: { mutability: "immutable", exact: true, uniqueness: "server", description: "The person's number in the directory; without one it gets the next" },
      department: { exact: true, description: "Code of the unit; its name is understood where only one unit has it" }, division: { ...readOnly, description: "Name of the unit" },
    },
  },
]

export const schemas = (base: string): readonly JsonObject[] =>
  definitions.map(({ id, name, description, all }) => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:Schema"], id, name, description, attributes: attributes(all), meta: { resourceType: "Schema", location: `${base}/Schemas/${id}` } }))
