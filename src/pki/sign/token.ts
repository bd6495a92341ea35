import { type Graphene, type GrapheneObject, type GrapheneSession, itemsOf, loadModule } from "./graphene.ts"
import { tokenOperation } from "./pkcs11-mechanism.ts"
import { type SigningAlgorithm, SigningFailed } from "./signing-key.ts"

export interface TokenSetting {
  /** The token's library, such as /usr/lib/softhsm/libsofthsm2.so. */
  readonly module: string
  readonly tokenLabel: string
  /** CKA_LABEL of the private key. */
  readonly keyLabel: string
}

/** Signatures that wait for the token: at a hundred a second that is half a minute. */
const maxWaiting = 3_000

/** PINs that tokens refused in this process, whoever opened them: each try brings a token nearer to locking itself. */
const refusedPins = new Set<string>()

interface OpenSession {
  readonly session: GrapheneSession
  readonly key: GrapheneObject
}

/**
 * One session with a token and a key in it (PKCS #11 v3.0 §5). One signature at a time, on a thread of libuv's; a session that broke is opened
 * anew, once for each signature. A PIN that was refused is not tried again, for a token locks itself after a few. Ends with `close`.
 */
export class Token {
  private readonly graphene: Graphene
  private readonly setting: TokenSetting
  private readonly pin: string
  private open: OpenSession | undefined
  private waiting = 0
  private last: Promise<unknown> = Promise.resolve()

  /** Throws what the library throws when the token, its PIN or the key is not right. */
  constructor(graphene: Graphene, setting: TokenSetting, pin: string) {
    this.graphene = graphene
    this.setting = setting
    this.pin = pin
    this.session()
  }

  /** DER of the certificates in the token. */
  certificates(): readonly Uint8Array[] {
    const { ObjectClass, CertificateType } = this.graphene
    return itemsOf(this.session().session.find({ class: ObjectClass.CERTIFICATE, certType: CertificateType.X_509 })).map((object) => object.getAttribute("value"))
  }

  /** Throws SigningFailed. */
  async sign(algorithm: SigningAlgorithm, data: Uint8Array): Promise<Uint8Array> {
    if (this.waiting >= maxWaiting) throw new SigningFailed(`too many signatures wait for the token ${this.setting.tokenLabel}`)
    this.waiting++
    const mine = this.last.then(() => this.signInTurn(algorithm, data))
    this.last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      this.waiting--
    }
  }

  close(): void {
    const { open } = this
    this.open = undefined
    try {
      open?.session.close()
    } catch {
      // it is gone already
    }
  }

  private async signInTurn(algorithm: SigningAlgorithm, data: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.signOnce(algorithm, data)
    } catch {
      this.close()
    }
    try {
      return await this.signOnce(algorithm, data)
    } catch (error) {
      this.close()
      throw new SigningFailed(`the token ${this.setting.tokenLabel} cannot sign`, { cause: error })
    }
  }

  private async signOnce(algorithm: SigningAlgorithm, data: Uint8Array): Promise<Uint8Array> {
    const { session, key } = this.session()
    const { mechanism, input, signatureOf } = tokenOperation(this.graphene, algorithm, data)
    const operation = session.createSign(mechanism, key)
    const answer = await new Promise<Buffer>((resolve, reject) => operation.once(input, (error, signature) => (error ? reject(error) : resolve(signature))))
    return signatureOf(answer)
  }

  private get pinName(): string {
    return [this.setting.module, this.setting.tokenLabel, this.pin].join("\0")
  }

  private session(): OpenSession {
    if (this.open) return this.open
    if (refusedPins.has(this.pinName)) throw new Error("its PIN was refused before, and is not tried again until this server is restarted")
    const { tokenLabel, keyLabel, module } = this.setting
    const slot = itemsOf(loadModule(this.graphene, module).getSlots(true)).find((one) => one.getToken().label.trimEnd() === tokenLabel)
    if (!slot) throw new Error("there is no such token")
    const session = slot.open(this.graphene.SessionFlag.SERIAL_SESSION)
    try {
      this.signIn(session)
      const [key, ...others] = itemsOf(session.find({ class: this.graphene.ObjectClass.PRIVATE_KEY, label: keyLabel }))
      if (!key || others.length > 0) throw new Error(`it has ${key ? "several keys" : "no key"} called "${keyLabel}"`)
      this.open = { session, key }
      return this.open
    } catch (error) {
      session.close()
      throw error
    }
  }

  private signIn(session: GrapheneSession): void {
    try {
      session.login(this.pin)
    } catch (error) {
      const reason = error instanceof Error ? error.message : ""
      // another key's session of this process has the same token open, and shares its sign-in (PKCS #11 §5.6.8)
      if (reason.includes("CKR_USER_ALREADY_LOGGED_IN")) return
      if (reason.includes("CKR_PIN")) refusedPins.add(this.pinName)
      throw error
    }
  }
}
