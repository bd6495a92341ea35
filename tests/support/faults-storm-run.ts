import { attack, attacks } from "./faults-storm.ts"

/** The storm as a process of its own, so that its work is not taken for the server's: `ports` as JSON, and how many rage at once. */
const ports = JSON.parse(process.argv[2] ?? "{}") as Readonly<Record<string, number>>
const attackers = Number(process.argv[3] ?? 1)

await Promise.all(
  Array.from({ length: attackers }, async () => {
    for (const one of attacks) await attack(one, ports)
  }),
)
