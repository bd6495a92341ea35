import { nextTurn } from "./turn.ts"

/** Work between turns, in bytes looked at or written: 1-5 ms. */
const bytesAtOnce = 512 * 1024

/** Lets others have their turn on the event loop after so much work, however it is divided. */
export class Pace {
  private left = bytesAtOnce

  /** To be awaited after work on so many bytes; undefined while others need not be let in yet. */
  spend(bytes: number): Promise<void> | undefined {
    this.left -= bytes
    return this.left > 0 ? undefined : this.rest()
  }

  private async rest(): Promise<void> {
    this.left = bytesAtOnce
    await nextTurn()
  }
}
