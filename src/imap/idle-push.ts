import type { ResponseWriter } from "./response/writer.ts"
import type { SelectedView } from "./selected-mailbox.ts"
import type { Session } from "./session.ts"

/**
 * Tells an idling client what happens as it happens (RFC 2177 §3). What arrives in one turn of the event loop, or while the
 * client is slow to read, is told together. Silent, it holds nothing but its references.
 */
export class IdlePush {
  private readonly view: SelectedView
  private readonly session: Session
  private readonly out: ResponseWriter
  private readonly unsubscribe: () => void
  private telling: Promise<void> | null = null
  private stopped = false

  constructor(view: SelectedView, session: Session, out: ResponseWriter) {
    this.view = view
    this.session = session
    this.out = out
    this.unsubscribe = view.mailbox.onAdvance(() => this.advanced())
    if (!view.current) this.advanced()
  }

  /** Resolves when nothing more will be told. */
  async stop(): Promise<void> {
    this.stopped = true
    this.unsubscribe()
    await this.telling
  }

  private advanced(): void {
    if (!this.stopped) this.telling ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.tellAll())
  }

  private async tellAll(): Promise<void> {
    try {
      while (!this.stopped && !this.view.current) {
        await this.view.tell(this.out, { mayExpunge: true, withUid: false, condstore: this.session.condstore })
        this.out.flush()
        await this.out.ready()
      }
    } catch (error) {
      // nobody waits for this promise: thrown on, it would end the process
      this.stopped = true
      this.session.services.log.bug({ sessionId: this.session.id, command: "IDLE", error })
    } finally {
      this.telling = null
    }
  }
}
