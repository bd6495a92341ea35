import type { EnhancedStatus } from "../mail/enhanced-status.ts"

/**
 * The basic SMTP code that goes with an enhanced status (RFC 5248 §2.4 and the IANA registry "SMTP Enhanced Status Codes").
 * Only statuses whose code is not the plain 451 or 554 need a row.
 */
const codes: Readonly<Record<string, number>> = {
  "4.2.1": 450, "4.2.2": 452, "4.2.4": 450, "4.3.1": 452, "4.5.3": 452, "4.7.0": 454, "4.7.1": 450,
  "5.1.1": 550, "5.1.3": 501, "5.1.7": 501, "5.1.8": 550, "5.2.1": 550, "5.2.3": 552, "5.3.4": 552,
  "5.5.1": 503, "5.5.2": 500, "5.5.4": 501, "5.6.7": 553, "5.7.0": 530, "5.7.1": 550, "5.7.2": 550, "5.7.5": 550, "5.7.6": 550, "5.7.7": 550, "5.7.8": 535, "5.7.11": 538, "5.7.26": 550,
}

export const replyCodeOf = (status: EnhancedStatus): number => codes[status] ?? (status.startsWith("4") ? 451 : status.startsWith("5") ? 554 : 250)
