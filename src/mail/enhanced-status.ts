/** Enhanced mail system status codes by name (RFC 3463, IANA registry). */
export const enhancedStatus = {
  ok: "2.0.0", senderOk: "2.1.0", recipientOk: "2.1.5", messageAccepted: "2.6.0", securityOk: "2.7.0",
  unknownUser: "5.1.1", badDestinationSyntax: "5.1.3", nullMx: "5.1.10", badSenderSyntax: "5.1.7", badSenderSystem: "5.1.8",
  mailboxDisabled: "5.2.1", mailboxFull: "4.2.2", messageTooLong: "5.2.3", groupExpansion: "4.2.4",
  systemFull: "4.3.1", systemUnavailable: "4.3.2", storeUnavailable: "4.3.0", messageTooBig: "5.3.4",
  noAnswer: "4.4.1", connectionLost: "4.4.2", routingFailed: "4.4.4", congestion: "4.4.5", loopDetected: "5.4.6", expired: "5.4.7", noRoute: "5.4.4",
  invalidCommand: "5.5.1", syntaxError: "5.5.2", tooManyRecipients: "4.5.3", invalidArguments: "5.5.4",
  mediaNotSupported: "5.6.1", utf8AddressNotSupported: "5.6.7", badContent: "5.6.0",
  refusedByPolicy: "5.7.1", groupSenderNotAllowed: "5.7.2", authenticationFailed: "5.7.8", mechanismTooWeak: "5.7.9", authenticationRequired: "5.7.0", encryptionNeeded: "5.7.11",
  temporaryAuthenticationFailure: "4.7.0", cryptographicFailure: "5.7.5", cryptographicAlgorithm: "5.7.6", integrityFailure: "5.7.7", rateLimited: "4.7.1", requireTlsFailed: "5.7.30", tooManyErrors: "4.7.0",
} as const

/** "5.1.1" and the like; remote ones are whatever the peer said. */
export type EnhancedStatus = `${2 | 4 | 5}.${number}.${number}`
