/** How many messages an account may still submit; every process counts the same when there is Redis. */
export interface SubmissionRates {
  /** Counts one message of the account; false when the hour's limit was reached. */
  take(accountId: number): boolean | Promise<boolean>
  /** What this process already knows, without asking anyone: lets MAIL refuse before megabytes are sent. */
  isExhausted(accountId: number): boolean
}
