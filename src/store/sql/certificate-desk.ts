import type { Scope } from "../../accounts/administrator.ts"
import { provinceDate } from "../../accounts/province-date.ts"
import type { Clock } from "../../base/clock.ts"
import { failed, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { CertificateDesk, DeskCertificate } from "../certificate-desk.ts"
import type { CertificateDetail } from "../certificate-registry.ts"
import { certificateDetail, certificateFrom, certificateRecord, createCertificateRegistry } from "./certificates.ts"
import type { Database } from "./database.ts"
import { ranksAbove } from "./edit.ts"
import { inScope, scopeValue } from "./scope.ts"

/** What administrators may see and change of the registry, in PostgreSQL. */
export function createCertificateDesk({ database, clock }: { readonly database: Pick<Database, "query" | "transaction">; readonly clock: Clock }): CertificateDesk {
  const registry = createCertificateRegistry(database)
  const find = async (scope: Scope, fingerprint: string): Promise<(CertificateDetail & DeskCertificate) | undefined> => (await database.query<CertificateDetail & DeskCertificate>(byFingerprint, [scopeValue(scope), fingerprint]))[0]
  const holds = async (scope: Scope, principalId: string): Promise<boolean> => (await database.query(holderWithin, [scopeValue(scope), principalId])).length > 0
  /** A certificate signs, and signs in, as its holder: that of whoever administers more is not a unit's to choose. */
  const mayChange = async (scope: Scope, principalId: string): Promise<boolean> => !(await ranksAbove({ tx: database, scope, today: provinceDate(clock.now()) }, { principalId }))
  const ofHis = async (scope: Scope, fingerprint: string, change: () => Promise<Result<number, Failure>>): Promise<Result<number, Failure>> => {
    const found = await find(scope, fingerprint)
    if (!found) return failed(notHere)
    return (await mayChange(scope, found.principalId)) ? change() : failed(above)
  }
  return {
    async list(scope, { state, endsAfter, endsBefore, unit, text }, { limit, offset }) {
      const values: unknown[] = [scopeValue(scope)]
      const add = (value: unknown): string => `$${values.push(value)}`
      const conditions = [inScope("p.unit_code", "$1")]
      if (state !== undefined) conditions.push(`c.state = ${add(state)}`)
      if (endsAfter !== undefined) conditions.push(`c.not_after > ${add(new Date(endsAfter))}`)
      if (endsBefore !== undefined) conditions.push(`c.not_after <= ${add(new Date(endsBefore))}`)
      if (unit !== undefined) conditions.push(inScope("p.unit_code", add([unit])))
      if (text !== undefined) {
        const part = add(`%${text.replace(/[\\%_]/g, "\\$&")}%`)
        const start = add(text.toLowerCase().replaceAll(":", ""))
        conditions.push(`(p.name ILIKE ${part} OR p.id ILIKE ${part} OR c.subject ILIKE ${part} OR starts_with(c.fingerprint, ${start}) OR starts_with(c.serial_number, ${start}))`)
      }
      const where = `${from} WHERE ${conditions.join(" AND ")}`
      const [rows, [counted]] = await Promise.all([
        database.query<DeskCertificate>({ text: `${columns} ${where} ORDER BY c.not_after, c.fingerprint LIMIT ${limit} OFFSET ${offset}` }, values),
        database.query<{ total: number }>({ text: `SELECT count(*) AS total ${where}` }, values),
      ])
      return { rows, total: counted?.total ?? 0 }
    },
    find,
    add: async (scope, certificate, change) => {
      if (!(await holds(scope, certificate.principalId))) return failed(notHere)
      return (await mayChange(scope, certificate.principalId)) ? registry.add([certificate], change) : failed(above)
    },
    bind: (scope, fingerprint, binding, change) => ofHis(scope, fingerprint, () => registry.bind(fingerprint, binding, change)),
    setState: (scope, fingerprint, state, change) => ofHis(scope, fingerprint, () => registry.setState(fingerprint, state, change)),
  }
}

const notHere = failure("notFound", "no such certificate or holder belongs to these units")
const above = failure("noPermission", "the holder has a role above the administrator's")

const columns = `${certificateRecord}, p.unit_code AS "unitCode", u.name AS "unitName"`
const from = `${certificateFrom} LEFT JOIN organization_unit u ON u.code = p.unit_code`

const byFingerprint = { name: "certificate-desk-find", text: `${columns}, ${certificateDetail} ${from} WHERE c.fingerprint = $2 AND ${inScope("p.unit_code", "$1")}` }
const holderWithin = { name: "certificate-desk-holder", text: `SELECT 1 AS yes FROM principal p WHERE p.id = $2 AND ${inScope("p.unit_code", "$1")}` }
