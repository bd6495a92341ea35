import { afterAll, beforeAll, expect, test } from "vitest"
import { z } from "zod"
import type { Page } from "../../../src/console/web/page.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

let world: ConsoleWorld
let cookie: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})
afterAll(() => world.close())

/** Of forms whose schema lets any field in. */
const usualFields = ["displayName", "unitCode", "alias", "principalId", "quotaBytes", "addressRule"]

function fieldsOf({ input, path }: Page): readonly string[] {
  const named = input instanceof z.ZodObject ? Object.keys(input.shape) : []
  return [...new Set([...(named.length > 0 ? named : usualFields), ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "")])]
}

test.each([["NUL", "a\0b"], ["a number that is none of ours", "99999999999999999999"], ["less than nothing", "-1"], ["a day that is far away", "275760-09-13"], ["what turns text round, or means something to SQL", "\u202e%'\\"]])("%s in all fields of any page is answered in words", async (_name, value) => {
  const failed: string[] = []
  // the one that ends the session, and one that would soon lock it out
  for (const page of world.pages.filter(({ path }) => path !== "/sign-out" && path !== "/me/password")) {
    const inPath = (name: string): boolean => page.path.includes(`:${name}`)
    const path = `/console${page.path.replace(/:(\w+)/g, encodeURIComponent(value))}`
    const rest = Object.fromEntries(fieldsOf(page).flatMap((name) => (inPath(name) ? [] : [[name, value]])))
    const { status } = await (page.method === "get" ? world.ask(`${path}?${new URLSearchParams(rest).toString()}`, { cookie, headOnly: true }) : world.ask(path, { cookie, form: { ...rest, _csrf: csrf }, headOnly: true }))
    if (status >= 500) failed.push(`${status} ${page.method} ${page.path}`)
  }
  expect(failed).toEqual([])
})
