import type { CommandInput, CommandPiece, LiteralSource } from "./command.ts"
import type { CommandReceiver, StreamedLine } from "./command-receiver.ts"
import { ImapSyntaxError } from "./grammar/reader.ts"

/** What a streaming command needs of its connection. */
export interface InputConnection {
  /** Resolves when more bytes have come, or the connection is over. */
  moreInput(): Promise<void>
  /** Sends the continuation request. */
  invite(): void
  /** Throws `ConnectionGone` when nothing will come any more. */
  checkOpen(): void
}

/** The pieces of one streaming command, pulled from the connection as the command asks. */
export class StreamedInput implements CommandInput {
  private readonly receiver: CommandReceiver
  private readonly connection: InputConnection
  private first: StreamedLine | null

  constructor(receiver: CommandReceiver, first: StreamedLine, connection: InputConnection) {
    this.receiver = receiver
    this.first = first
    this.connection = connection
  }

  async next(): Promise<CommandPiece> {
    const { line, literal } = this.takeFirst() ?? (await this.line())
    return { text: line, literal: literal && this.source(literal.size, literal.synchronizing) }
  }

  private takeFirst(): StreamedLine | null {
    const first = this.first
    this.first = null
    return first
  }

  private async line(): Promise<StreamedLine> {
    for (;;) {
      this.connection.checkOpen()
      const line = this.receiver.streamLine()
      if (line === "tooLong") throw new ImapSyntaxError("The command's line is too long")
      if (line) return line
      await this.connection.moreInput()
    }
  }

  private source(size: number, synchronizing: boolean): LiteralSource {
    const { receiver, connection } = this
    return {
      size,
      synchronizing,
      async *chunks() {
        receiver.openLiteral()
        if (synchronizing) connection.invite()
        for (;;) {
          connection.checkOpen()
          const bytes = receiver.literalBytes()
          if (bytes === null) return
          if (bytes) yield bytes
          else await connection.moreInput()
        }
      },
    }
  }
}
