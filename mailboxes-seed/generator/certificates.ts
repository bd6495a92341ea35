import { type Office, officeName, organizationId } from "./offices.ts"
import type { Person } from "./people.ts"
import type { Random } from "./random.ts"
import { provinceName, type Unit } from "./units.ts"

/**
 * Who holds which signing certificate: 1,266 personal ones, 490 of organizations, 120 on mobile devices. The certificates themselves are
 * issued at the first start, by the development CA of that machine: keys are not committed.
 */
export interface SeedCertificate {
  readonly principalId: string
  readonly use: "personal" | "organizational" | "mobile"
  /** Accounts it speaks for; none: all for which its holder may sign. */
  readonly addresses: readonly string[]
  readonly commonName: string
  readonly organization: string
  /** In the certificate; most official ones have none. */
  readonly email: string
  /** At the first start. */
  readonly daysOld: number
  readonly daysLeft: number
}

const counts = { personal: 1_266, organizational: 490, mobile: 120 } as const
/** People whose certificate is about to end and who have the next one already. */
const renewals = 16
const administration = `Ủy ban nhân dân tỉnh ${provinceName}`

interface Data {
  readonly units: readonly Unit[]
  readonly offices: readonly Office[]
  readonly people: readonly Person[]
}

export const generateCertificates = (random: Random, data: Data): readonly SeedCertificate[] => [...personal(random, data.people), ...organizational(random, data), ...mobile(random, data.people)]

/** Leaders, deputies and clerks, then senior staff; one in three certificates carries its holder's address. */
function personal(random: Random, people: readonly Person[]): readonly SeedCertificate[] {
  const holders = [...people.filter(({ rank }) => rank !== "staff"), ...people.filter(({ title }) => title === "Chuyên viên chính")].slice(0, counts.personal - renewals)
  const certificates = holders.map((person, at) => ofPerson(random, person, { use: "personal", endsSoon: at % 40 === 7 }))
  const ending = holders.filter((_, at) => at % 40 === 7).slice(0, renewals)
  return [...certificates, ...ending.map((person) => ofPerson(random, person, { use: "personal", endsSoon: false }))]
}

/** On the devices of those who sign on the way: they speak for their holder's own account only. */
const mobile = (random: Random, people: readonly Person[]): readonly SeedCertificate[] =>
  people
    .filter(({ rank, address }) => address !== null && (rank === "leader" || rank === "deputy"))
    .slice(0, counts.mobile)
    .map((person) => ({ ...ofPerson(random, person, { use: "mobile", endsSoon: false }), addresses: person.address === null ? [] : [person.address] }))

function ofPerson(random: Random, { id, name, unit, address }: Person, { use, endsSoon }: { readonly use: "personal" | "mobile"; readonly endsSoon: boolean }): SeedCertificate {
  return { principalId: id, use, addresses: [], commonName: name, organization: unit.name, email: random.chance(33) ? (address ?? "") : "", ...lifetime(random, endsSoon) }
}

/**
 * Each unit has one. Where there is a one-stop desk it speaks for both accounts by name, and the desk has one of its own; the first
 * departments have two, for two who keep the seal.
 */
function organizational(random: Random, { units, offices }: Data): readonly SeedCertificate[] {
  const desks = offices.filter(({ kind }) => kind === "oneStop")
  const ofUnit = (unit: Unit, addresses: readonly string[], commonName: string): SeedCertificate => ({
    principalId: organizationId(units, unit), use: "organizational", addresses, commonName, organization: administration,
    email: random.chance(33) ? (offices.find((office) => office.unit === unit)?.address ?? "") : "", ...lifetime(random, random.chance(3)),
  })
  const main = units.map((unit) => {
    const own = offices.filter((office) => office.unit === unit).map(({ address }) => address)
    return ofUnit(unit, own.length > 1 ? own : [], officeName(units, unit))
  })
  const atDesks = desks.map(({ unit, address, displayName }) => ofUnit(unit, [address], displayName))
  const departments = units.filter(({ kind }) => kind === "department").slice(0, counts.organizational - main.length - atDesks.length)
  return [...main, ...atDesks, ...departments.map((unit) => ofUnit(unit, [], officeName(units, unit)))]
}

/** Certificates are given for some years. */
function lifetime(random: Random, endsSoon: boolean): Pick<SeedCertificate, "daysOld" | "daysLeft"> {
  const daysLeft = endsSoon ? 1 + random.below(59) : 90 + random.below(1_400)
  return { daysOld: endsSoon ? 1_095 - daysLeft : 1 + random.below(300), daysLeft }
}
