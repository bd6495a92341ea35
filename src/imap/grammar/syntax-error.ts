/** The client's words do not follow the grammar. The only thing a parser throws; the dispatcher answers BAD with the message. */
export class ImapSyntaxError extends Error {
  override readonly name = "ImapSyntaxError"
}
