import { writeFile } from "node:fs/promises"
import { generateCertificates } from "./generator/certificates.ts"
import { generateAliases, generateGroups } from "./generator/groups.ts"
import { generateOfficeAssignments, generateOffices, officeName, organizationId } from "./generator/offices.ts"
import { generatePeople } from "./generator/people.ts"
import { createRandom } from "./generator/random.ts"
import { generateUnits } from "./generator/units.ts"

/**
 * Makes the CSV files of this folder: `npx node mailboxes-seed/generate.ts`. An invented province on reserved domains, always
 * the same one, so that the files and this script can be compared.
 */
const seed = 2026

/** File name → text. */
export function generateSeedFiles(): ReadonlyMap<string, string> {
  const random = createRandom(seed)
  const units = generateUnits(random)
  const offices = generateOffices(units)
  const people = generatePeople(random, units, new Set(offices.map(({ address }) => address)))
  const officeAssignments = generateOfficeAssignments(random, { units, offices, people })
  const groups = generateGroups(units, offices, people)
  // chance of its own: what was there before certificates stays as it was
  const certificates = generateCertificates(createRandom(seed + 1), { units, offices, people })
  const owned = people.flatMap((person) => (person.address === null ? [] : [{ ...person, address: person.address }]))
  return new Map([
    ["organization-units.csv", csv(["code", "name", "kind", "parent_code", "domain"], units.map((unit) => [unit.code, unit.name, unit.kind, unit.parentCode, unit.domain]))],
    ["principals.csv", csv(["principal_id", "kind", "name", "unit_code", "title", "phone"], [
      ...units.map((unit) => [organizationId(units, unit), "organization", officeName(units, unit), unit.code, "", ""]),
      ...people.map((person) => [person.id, "individual", person.name, person.unit.code, person.title, person.phone]),
    ])],
    ["accounts.csv", csv(["address", "kind", "display_name", "unit_code", "quota"], [
      ...offices.map((office) => [office.address, "organizational", office.displayName, office.unit.code, "10GiB"]),
      ...owned.map((person) => [person.address, "personal", person.name, person.unit.code, person.rank === "leader" ? "5GiB" : "2GiB"]),
    ])],
    ["assignments.csv", csv(["address", "principal_id", "rights", "from", "until"], [
      ...owned.map((person) => [person.address, person.id, "owner", "", ""]),
      ...officeAssignments.map(({ address, principalId, rights, from, until }) => [address, principalId, rights, from, until]),
    ])],
    ["aliases.csv", csv(["address", "target"], generateAliases(offices, people))],
    ["groups.csv", csv(["address", "display_name", "allowed_senders"], groups.map((group) => [group.address, group.displayName, group.allowedSenders.join(" ")]))],
    ["certificates/signing-certificates.csv", csv(["principal_id", "use", "addresses", "common_name", "organization", "email", "days_old", "days_left"], certificates.map((one) => [
      one.principalId, one.use, one.addresses.join(" "), one.commonName, one.organization, one.email, String(one.daysOld), String(one.daysLeft),
    ]))],
    ["group-members.csv", csv(["group", "member"], groups.flatMap((group) => group.members.map((member) => [group.address, member])))],
  ])
}

const csv = (header: readonly string[], rows: readonly (readonly string[])[]): string => [header, ...rows].map((row) => `${row.map(field).join(",")}\n`).join("")

/** RFC 4180 §2: quotes only where they are needed. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

if (import.meta.main) for (const [name, text] of generateSeedFiles()) await writeFile(new URL(name, import.meta.url), text)
