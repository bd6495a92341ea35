import { Pace } from "../../base/pace.ts"
import { ContentScanner, type ScannedContent } from "../../mail/content-scanner.ts"

/** The scanner for who only asks for the structure, in turns: thousands of tiny parts cost far more than their bytes. */
const sliceBytes = 16 * 1024
/** A part in the currency of Pace: 2-3 µs. */
const partCost = 400

export class PacedScanner {
  private readonly scanner = new ContentScanner({ searchText: false })
  private readonly pace = new Pace()

  async push(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const before = this.scanner.partCount
      const slice = chunk.subarray(at, at + sliceBytes)
      this.scanner.push(slice)
      await this.pace.spend(slice.length + (this.scanner.partCount - before) * partCost)
    }
  }

  finish(): ScannedContent {
    return this.scanner.finish()
  }
}
