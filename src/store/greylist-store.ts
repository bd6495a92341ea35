/** Who wrote to whom for the first time, and who came again. */
export interface GreylistStore {
  /** Notes a try; true when the sender has come again after `delayMs`, now or before. */
  seen(attempt: GreylistTry): Promise<boolean>
  /** Deletes those that were let in and have not written for `ageMs`, and those that never came again; returns how many. */
  forget(ageMs: number): Promise<number>
}

export interface GreylistTry {
  /** Address of the client. */
  readonly clientAddress: string
  readonly sender: string
  readonly recipient: string
  readonly delayMs: number
}
