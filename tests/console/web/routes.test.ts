import { afterAll, beforeAll, expect, test } from "vitest"
import type { AdministratorRole } from "../../../src/accounts/administrator.ts"
import { routesByRole } from "../../support/console-routes.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

const roles: Readonly<Record<string, AdministratorRole | "holder" | undefined>> = { "-": undefined, h: "holder", u: "unit", a: "auditor", o: "operator", p: "province" }
const places: Readonly<Record<string, string>> = { address: "vp%40a.example", code: "A", id: "999999", fingerprint: "0".repeat(64), version: "1", kind: "person", account: "1" }

let world: ConsoleWorld
beforeAll(async () => {
  world = await openConsoleWorld()
})
afterAll(() => world.close())

const nameOf = ({ method, path }: { readonly method: string; readonly path: string }): string => `${method} ${path}`

async function visitor(letter: string): Promise<{ readonly cookie?: string; readonly csrf: string }> {
  const role = roles[letter]
  if (role === undefined) return { csrf: "" }
  await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE ended_at IS NULL" })
  if (role !== "holder") await world.administer("an@a.example", role, role === "unit" ? "A" : undefined)
  const cookie = await world.signIn("an@a.example")
  return { cookie, csrf: await world.csrf(cookie) }
}

/** Refused is told by the gate: to the sign-in page, or 403. Whatever else is answered, the page has had its say. */
async function isLetIn({ method, path }: { readonly method: string; readonly path: string }, { cookie, csrf }: Awaited<ReturnType<typeof visitor>>): Promise<boolean> {
  const target = `/console${path.replace(/:(\w+)/g, (_whole, name: string) => places[name] ?? "x")}`
  const { status, headers } = await world.ask(target, { ...(cookie !== undefined && { cookie }), ...(method === "post" && { form: { _csrf: csrf } }), headOnly: true })
  return status !== 403 && !(status === 303 && String(headers.location).startsWith("/console/sign-in?next="))
}

test("every page lets in whom the table names, and nobody else", async () => {
  const found: Record<string, string> = Object.fromEntries(world.pages.map((page) => [nameOf(page), ""]))
  // the one that ends the session comes last
  const pages = world.pages.toSorted((one, other) => Number(one.path === "/sign-out") - Number(other.path === "/sign-out"))
  for (const letter of Object.keys(roles)) {
    const who = await visitor(letter)
    for (const page of pages) if (await isLetIn(page, who)) found[nameOf(page)] += letter
  }
  expect(found).toEqual(Object.fromEntries(Object.entries(routesByRole).flatMap(([letters, names]) => names.map((name) => [name, letters]))))
})

test("every page that somebody may change something with asks for the form's token, but for those that anybody may", async () => {
  const { cookie } = await visitor("p")
  const taken: string[] = []
  for (const page of world.pages.filter(({ method }) => method === "post")) if (await isLetIn(page, { ...(cookie !== undefined && { cookie }), csrf: "x".repeat(43) })) taken.push(page.path)
  expect(taken.toSorted()).toEqual(["/language", "/sign-in", "/sign-in/passkey"])
})
