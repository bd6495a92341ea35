import type { UnitFigures } from "./monthly-report-store.ts"

/** How messages that were sent become figures of their senders' units. Pure. */
export interface SentMessage {
  /** Of the account that was signed in. */
  readonly unitCode: string
  readonly signed: boolean
  readonly hasDocuments: boolean
  /** How many recipients it was accepted for, and whether some of them are not here. */
  readonly copies: number
  readonly outside: boolean
  /** Of the recipients here. */
  readonly units: readonly string[]
}

export type MailFigures = Omit<UnitFigures, "accounts" | "holders" | "storageBytes">

const nothing: MailFigures = { sentInternal: 0, sentAgencies: 0, sentOutside: 0, sentSigned: 0, received: 0, documents: 0, copies: 0 }

/** Figures of units, while they are added up. */
export class MailCount {
  readonly units = new Map<string, MailFigures>()
  private readonly agencyOf: (unitCode: string) => string | null

  constructor(agencyOf: (unitCode: string) => string | null) {
    this.agencyOf = agencyOf
  }

  sent({ unitCode, signed, hasDocuments, copies, outside, units }: SentMessage): void {
    const agency = this.agencyOf(unitCode)
    const inside = units.every((unit) => unit === unitCode || this.agencyOf(unit) === agency)
    const of = this.of(unitCode)
    this.units.set(unitCode, {
      ...of,
      [outside ? "sentOutside" : inside ? "sentInternal" : "sentAgencies"]: (outside ? of.sentOutside : inside ? of.sentInternal : of.sentAgencies) + 1,
      sentSigned: of.sentSigned + (signed ? 1 : 0),
      documents: of.documents + (hasDocuments ? 1 : 0),
      copies: of.copies + (hasDocuments ? copies : 0),
    })
  }

  received(unitCode: string, copies: number): void {
    const of = this.of(unitCode)
    this.units.set(unitCode, { ...of, received: of.received + copies })
  }

  private of(unitCode: string): MailFigures {
    return this.units.get(unitCode) ?? nothing
  }
}
