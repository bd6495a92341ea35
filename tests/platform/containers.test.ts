import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { roleNames } from "../../src/roles/role.ts"

/** What `docker compose config` cannot know of docker-compose.yml. */
interface Service {
  readonly command?: string | readonly string[]
  readonly healthcheck?: object
  readonly image?: string
  readonly build?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly volumes?: readonly string[]
}

const read = (name: string): string => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8")
const source = read("docker-compose.yml")
const { services, volumes } = parse(source, { merge: true }) as { readonly services: Readonly<Record<string, Service>>; readonly volumes: Readonly<Record<string, unknown>> }

test("there is a PostgreSQL, a Redis, an LDAP address book and one container for each role", () => {
  expect(Object.keys(services).toSorted()).toEqual(["ldap", "postgres", "redis", ...roleNames].toSorted())
  for (const role of roleNames) expect(services[role]?.command).toEqual(["--role", role])
})

test("every container has a health check, and roles wait for healthy stores", () => {
  expect(read("Dockerfile")).toMatch(/^HEALTHCHECK /m)
  for (const name of ["ldap", "postgres", "redis"]) expect(services[name]?.healthcheck).toBeDefined()
  for (const role of roleNames) expect(services[role]?.depends_on).toEqual({ postgres: { condition: "service_healthy" }, redis: { condition: "service_healthy" } })
})

test("passwords are asked for, never preset", () => {
  const variables = [...source.matchAll(/\$\{(\w+)(:?[-?])?/g)].map((match) => ({ name: match[1] ?? "", operator: match[2] ?? "" }))
  expect(variables.filter(({ name }) => name.endsWith("PASSWORD")).length).toBeGreaterThanOrEqual(4)
  for (const { name, operator } of variables.filter(({ name }) => name.endsWith("PASSWORD") || name.endsWith("HOSTNAME"))) expect(`${name}${operator}`).toBe(`${name}:?`)
})

test("roles run unprivileged in production mode, on volumes that last", () => {
  expect(read("Dockerfile")).toMatch(/^USER node$/m)
  for (const role of roleNames) {
    expect(services[role]?.environment).toMatchObject({ NODE_ENV: "production" })
    expect(services[role]?.volumes).toContain("data:/data")
  }
  expect(Object.keys(volumes)).toEqual(["data", "postgres", "redis", "ldap"])
})

test("the address book's container is told what its start script asks for, and the worker signs in to it with the same password", () => {
  const script = read("config/ldap/start-slapd.sh")
  const environment = services["ldap"]?.environment ?? {}
  const needed = /^: (.*)$/m.exec(script)?.[1]?.match(/\w+(?=:\?)/g) ?? []
  expect(needed).toContain("LDAP_SYNC_PASSWORD_FILE")
  for (const name of needed) expect(environment).toHaveProperty(name)
  expect(services["worker"]?.environment?.["CONGTHU_LDAP_BIND_PASSWORD_FILE"]).toBe(environment["LDAP_SYNC_PASSWORD_FILE"])
  expect(read("config/ldap/Dockerfile")).toMatch(/^USER congthu$/m)
  for (const file of read("config/ldap/Dockerfile").match(/^COPY (.*) \/app\/$/m)?.[1]?.split(" ") ?? []) expect(read(`config/ldap/${file}`)).not.toBe("")
})
