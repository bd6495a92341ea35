/** What other systems can be told of: a closed set. `webhook.ping` is told to whoever presses the button, and cannot be asked for. */
export const eventTypes = [
  "account.created", "account.changed", "account.suspended", "account.reactivated",
  "person.created", "person.changed", "person.moved", "person.left", "person.suspended", "person.reactivated",
  "certificate.expiring", "certificate.suspended", "certificate.reinstated", "certificate.revoked",
  "message.held", "message.released", "message.refused", "delivery.failed",
  "policy.applied", "bulk.finished", "signIn.lockedOut", "tlsReport.failures", "report.ready",
] as const
export type EventType = (typeof eventTypes)[number]

const provinceEventTypes: readonly EventType[] = ["message.held", "message.released", "message.refused", "policy.applied", "signIn.lockedOut", "tlsReport.failures", "report.ready"]

/** What is divided by units. All else is told only to webhooks for the province as a whole. */
export const unitEventTypes: readonly EventType[] = eventTypes.filter((type) => !provinceEventTypes.includes(type))

export const pingType = "webhook.ping"

export const isEventType = (text: unknown): text is EventType => eventTypes.some((type) => type === text)

export interface NewEvent {
  /** ms since the epoch. */
  readonly at: number
  readonly type: EventType
  /** Codes of the units that it is about; none: of the province as a whole. */
  readonly units: readonly string[]
  /** As little of people as will do: who needs more asks the API, with a scope for it. */
  readonly data: Readonly<Record<string, unknown>>
  /** One of these is told, however often it happens. */
  readonly once?: string
}

/** What happened, as the transaction left it that it happened in, with what is to be known of whom it is about. */
export interface Happening {
  readonly at: number
  /** As the audit has it, or of the system itself. */
  readonly kind: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly envelopeId: number | null
  /** The account that it is about, or that sent the message. */
  readonly account: string | null
  readonly accountUnit: string | null
  readonly principalId: string | null
  readonly principalUnit: string | null
  /** Tops of the subtrees that a bulk job is limited to. */
  readonly jobUnits: readonly string[] | null
}
