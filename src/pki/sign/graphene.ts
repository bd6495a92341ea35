/**
 * As much of graphene-pk11 as is used here, and how it is got: an optional package with native code, which a server that signs with no token
 * need not have. Its types are written here, so that this program can be checked where it is absent.
 */
import { createRequire } from "node:module"

export interface Graphene {
  readonly Module: { load(library: string, name: string): GrapheneModule }
  readonly ObjectClass: { readonly PRIVATE_KEY: number; readonly CERTIFICATE: number }
  readonly CertificateType: { readonly X_509: number }
  readonly SessionFlag: { readonly SERIAL_SESSION: number }
  readonly MechanismEnum: Readonly<Record<string, number>>
  readonly RsaPssParams: new (hash: number, mask: number, saltOctets: number) => object
  readonly RsaMgf: Readonly<Record<"MGF1_SHA256" | "MGF1_SHA384" | "MGF1_SHA512", number>>
}

export interface GrapheneModule {
  /** Does not mind being called twice. */
  initialize(): void
  getSlots(tokenPresent: boolean): Collection<GrapheneSlot>
}

export interface Collection<Item> {
  readonly length: number
  items(index: number): Item
}

export interface GrapheneSlot {
  getToken(): { readonly label: string }
  open(flags: number): GrapheneSession
}

export interface GrapheneSession {
  login(pin: string): void
  close(): void
  find(template: object): Collection<GrapheneObject>
  createSign(mechanism: number | { readonly name: number; readonly params: object }, key: GrapheneObject): {
    once(data: Buffer, done: (error: Error | null, signature: Buffer) => void): void
  }
}

export interface GrapheneObject {
  getAttribute(name: "value" | "id"): Buffer
}

export const itemsOf = <Item>(collection: Collection<Item>): Item[] => Array.from({ length: collection.length }, (_, index) => collection.items(index))

/** Undefined when the package is not installed, or its native part was not built. */
export function loadGraphene(): Graphene | undefined {
  try {
    return createRequire(import.meta.url)("graphene-pk11") as Graphene
  } catch {
    return undefined
  }
}

/** PKCS#11 libraries are initialized once in a process, however many keys are in them. */
const loaded = new Map<string, GrapheneModule>()

/** Throws what the library throws. */
export function loadModule(graphene: Graphene, file: string): GrapheneModule {
  const known = loaded.get(file)
  if (known) return known
  const module = graphene.Module.load(file, file)
  module.initialize()
  loaded.set(file, module)
  return module
}
