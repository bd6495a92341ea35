import type { EventType, Happening, NewEvent } from "../store/webhook-event.ts"

/**
 * What is told of something that happened, by its kind in the audit or in the system. Pure. Nothing of a message but its number, nothing of a person but number
 * and unit: names, subjects, old and new values stay here.
 */
export const eventsOf = (happening: Happening): readonly NewEvent[] => tellers[happening.kind]?.(happening) ?? []

type Teller = (happening: Happening) => readonly NewEvent[]

function event({ at }: Happening, type: EventType, { units = [], data, once }: { readonly units?: readonly unknown[]; readonly data: NewEvent["data"]; readonly once?: string }): readonly NewEvent[] {
  const codes = [...new Set(units.filter((unit) => typeof unit === "string"))]
  return [{ at, type, units: codes, data, ...(once !== undefined && { once }) }]
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {})

/** Names of what is another now. */
function changedFields(detail: Fields): readonly string[] {
  const [before, after] = [fieldsOf(detail["before"]), fieldsOf(detail["after"])]
  return Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

const unitsOf = ({ detail, accountUnit, principalUnit }: Happening): readonly unknown[] => [accountUnit ?? principalUnit, fieldsOf(detail["before"])["unitCode"], fieldsOf(detail["after"])["unitCode"]]

const account =
  (type: EventType, more: (happening: Happening) => Fields = () => ({})): Teller =>
  (happening) =>
    event(happening, type, { units: unitsOf(happening), data: { account: happening.account ?? happening.detail["address"] ?? happening.detail["key"], unit: happening.accountUnit ?? fieldsOf(happening.detail["after"])["unitCode"] ?? null, ...more(happening) } })

const person =
  (type: EventType, more: (happening: Happening) => Fields = () => ({})): Teller =>
  (happening) =>
    event(happening, type, { units: unitsOf(happening), data: { person: happening.principalId ?? happening.detail["key"], unit: happening.principalUnit, ...more(happening) } })

const moved =
  (step: (happening: Happening) => Fields): Teller =>
  (happening) => {
    const { from, to } = step(happening)
    return event(happening, "person.moved", { units: [from, to], data: { person: happening.principalId ?? happening.detail["key"], from, to } })
  }

const accountChanged = (...fields: readonly string[]): Teller => account("account.changed", () => ({ changed: fields }))

const certificate =
  (type: EventType, more: (detail: Fields) => Fields = () => ({})): Teller =>
  (happening) => {
    const { detail, principalId, principalUnit } = happening
    const { once, ...data } = more(detail)
    return event(happening, type, { units: [principalUnit], data: { fingerprint: detail["fingerprint"], use: detail["use"], person: principalId, unit: principalUnit, ...data }, ...(typeof once === "string" && { once }) })
  }

const message =
  (type: EventType, more: (detail: Fields) => Fields = () => ({})): Teller =>
  (happening) => event(happening, type, { data: { message: happening.envelopeId, ...more(happening.detail) } })

/** Each step of a guided action that was taken back, as what it is for others. */
const undone: Teller = (happening) => {
  const steps: unknown = happening.detail["steps"]
  return (Array.isArray(steps) ? steps : []).map(fieldsOf).flatMap((step) => {
    // the audit does not say of which unit an account was; a leaver's are of his own
    const back: Happening = { ...happening, detail: { ...step, from: step["to"], to: step["from"] }, account: typeof step["address"] === "string" ? step["address"] : null, principalId: typeof step["principalId"] === "string" ? step["principalId"] : null }
    return undoneSteps[String(step["step"])]?.(back) ?? []
  })
}

const movedAccount: Teller = (happening) => {
  const { address, from, to } = happening.detail
  return event(happening, "account.changed", { units: [from, to], data: { account: address, unit: to, changed: ["unitCode"] } })
}

const renamedAccount: Teller = (happening) => {
  const { detail: { address, to }, accountUnit, principalUnit } = happening
  return event(happening, "account.changed", { units: [accountUnit, principalUnit], data: { account: to, unit: accountUnit ?? principalUnit, changed: ["address"], formerly: address } })
}

const undoneSteps: Readonly<Record<string, Teller>> = {
  movePerson: moved(({ detail }) => detail),
  moveAccount: movedAccount,
  // taken back, the address is the old one again
  renameAccount: ({ detail: { address, from }, ...happening }) => renamedAccount({ ...happening, detail: { address: from, to: address } }),
  suspendPerson: person("person.reactivated"),
  suspendAccount: (happening) => account("account.reactivated")({ ...happening, accountUnit: happening.principalUnit }),
}

const tellers: Readonly<Record<string, Teller>> = {
  "account.added": account("account.created"),
  "account.changed": account("account.changed", ({ detail }) => ({ changed: changedFields(detail) })),
  "account.suspended": account("account.suspended"),
  "account.reactivated": account("account.reactivated"),
  "principal.added": person("person.created"),
  "principal.changed": (happening) => {
    const [from, to] = [fieldsOf(happening.detail["before"])["unitCode"], fieldsOf(happening.detail["after"])["unitCode"]]
    const others = changedFields(happening.detail).filter((name) => name !== "unitCode")
    return [...(from === to ? [] : moved(() => ({ from, to }))(happening)), ...(others.length === 0 ? [] : person("person.changed", () => ({ changed: others }))(happening))]
  },
  "principal.suspended": person("person.suspended"),
  "principal.reactivated": person("person.reactivated"),
  "move.movePerson": moved(({ detail }) => detail),
  "move.moveAccount": movedAccount,
  "move.renameAccount": renamedAccount,
  "move.undone": undone,
  "leave.suspendPerson": person("person.left"),
  "leave.suspendAccount": account("account.suspended"),
  "leave.undone": undone,
  "handOver.giveOwner": accountChanged("owner"),
  "certificate.expiring": certificate("certificate.expiring", ({ notAfter, days, fingerprint }) => ({ notAfter, days, once: `certificate.expiring ${String(fingerprint)} ${String(days)}` })),
  "certificate.suspended": certificate("certificate.suspended"),
  "certificate.reinstated": certificate("certificate.reinstated"),
  "certificate.revoked": certificate("certificate.revoked"),
  "message.held": message("message.held", ({ hold, rule }) => ({ hold, rule })),
  "message.released": message("message.released"),
  "message.refused": message("message.refused"),
  "delivery.failed": (happening) => {
    const { detail, envelopeId, account: sender, accountUnit } = happening
    const recipient = String(detail["recipient"])
    return event(happening, "delivery.failed", { units: [accountUnit], data: { message: envelopeId, delivery: detail["deliveryId"], domain: recipient.slice(recipient.lastIndexOf("@") + 1), status: detail["status"], account: sender, unit: accountUnit } })
  },
  "policy.applied": (happening) => event(happening, "policy.applied", { data: { version: happening.detail["version"], before: happening.detail["before"] ?? null } }),
  "bulk.ended": (happening) => event(happening, "bulk.finished", { units: happening.jobUnits ?? [], data: { job: happening.detail["jobId"], state: happening.detail["state"] } }),
  "lockout.began": (happening) => event(happening, "signIn.lockedOut", { data: { service: happening.detail["kind"], network: happening.detail["network"], failures: happening.detail["failures"], until: happening.detail["until"] } }),
  "tlsReport.failures": (happening) => event(happening, "tlsReport.failures", { data: happening.detail }),
  "report.ready": (happening) => event(happening, "report.ready", { data: happening.detail }),
}

/** The kinds that something is told of; the triggers write these. */
export const toldKinds: readonly string[] = Object.keys(tellers)
