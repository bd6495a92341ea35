import type { HeldMessage, HeldStore, UntoldMessage } from "../store/held-store.ts"
import { heldCopyNotice, heldNotice } from "./held-notice-text.ts"
import type { Notice, NoticeSender } from "./notice.ts"

/**
 * Tells of messages that are held: whom the rule names. A recipient who may release the own copy gets a notice of his own, with the link that does it; all
 * others share one. Each is told once, in the transaction that accepts the notice; what fails is found by the next sweep.
 */
export interface HeldNotices {
  /** Resolves with how many notices were accepted; joins a round that is under way. */
  send(): Promise<number>
}

/** Where a recipient releases the own copy, and until when (ms since the epoch). */
export interface ReleaseLink {
  readonly url: string
  readonly expiresAt: number
}

export interface HeldNoticeParts {
  readonly held: Pick<HeldStore, "untold" | "giveUpTelling">
  readonly notices: NoticeSender
  readonly hostname: string
  /** Null: only administrators release, whatever the rules say. */
  readonly releaseLink: ((copy: { readonly deliveryId: number; readonly recipient: string }) => ReleaseLink) | null
}

const limit = 100

export function createHeldNotices({ held, notices, hostname, releaseLink }: HeldNoticeParts): HeldNotices {
  let underWay: Promise<number> | undefined
  const tell = async ({ envelopeId }: HeldMessage, notice: Notice): Promise<boolean> => {
    const reply = await notices.send({ ...notice, marks: { heldNotice: { envelopeId, told: notice.to } } })
    // an address that does not exist now will not exist at the next sweep
    if (reply?.kind === "refused" && reply.code >= 500) await held.giveUpTelling(envelopeId, notice.to)
    return reply?.kind === "accepted"
  }
  const noticesOf = (message: UntoldMessage): readonly Notice[] => {
    const copies = releaseLink ? message.copies : []
    const others = message.notify.filter((address) => !copies.some(({ recipient }) => recipient === address))
    return [
      ...(others.length === 0 ? [] : [heldNotice({ ...message, notify: others }, hostname)]),
      ...(releaseLink ? copies.map((copy) => heldCopyNotice({ message, copy, link: releaseLink(copy), hostname })) : []),
    ]
  }
  const round = async (): Promise<number> => {
    let told = 0
    for (const message of await held.untold(limit)) {
      for (const notice of noticesOf(message)) if (await tell(message, notice)) told++
    }
    return told
  }
  return {
    send() {
      underWay ??= round().finally(() => (underWay = undefined))
      return underWay
    },
  }
}
