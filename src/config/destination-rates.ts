import { z } from "zod"
import { domainPattern } from "./partners.ts"

/** `delivery.rates`: destinations, and how many messages a minute each of them takes from us. */
export const rateList = z
  .array(
    z.strictObject({
      destinations: z.array(domainPattern).min(1, "is of no destination, so it would never be used"),
      perMinute: z.number("is no number").int("is not a whole number").min(0, "is below 0").max(1_000_000, "is above 1000000"),
    }),
    "is not a list of rates, each with destinations and perMinute",
  )
  .check(({ value, issues }) => {
    const taken = new Set<string>()
    for (const [at, { destinations }] of value.entries()) {
      for (const one of destinations) {
        if (taken.has(one)) issues.push({ code: "custom", message: `gives ${one} a second rate`, input: value, path: [at] })
        taken.add(one)
      }
    }
  })
