/**
 * The elements below the root of an XML document, one after the other, as they come in. For documents of strangers: no DTD (so no entities
 * but the five of XML, no expansion), bounded in depth, elements and text. For a thread: others do not have their turn. Must not know: what they mean.
 */
import sax from "sax"

export interface XmlElement {
  /** Without the prefix of the document's root. Elements with another prefix are extensions of strangers, and are left out. */
  readonly name: string
  /** Of an element without children; trimmed. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

export class XmlFault extends Error {}

interface Open {
  readonly name: string
  text: string
  readonly children: XmlElement[]
}

const maxDepth = 10
/** Below one child of the root; 100 signatures (RFC 9990 §3.1.3) are 500. */
const maxElements = 2_000
const maxTextCharacters = 128 * 1024
/** The parser looks at its own limits, and hands over what it has, after so many bytes. */
const stepBytes = 16 * 1024

/** Throws `XmlFault` for what is not well-formed, too deep or too large, or has another root. */
export function* xmlElements(xml: Uint8Array, root: string): Generator<XmlElement> {
  const done: XmlElement[] = []
  const parser = openParser(root, (element) => void done.push(element))
  const decoder = new TextDecoder()
  for (let at = 0; at < xml.length; at += stepBytes) {
    parser.write(decoder.decode(xml.subarray(at, at + stepBytes), { stream: true }))
    yield* done.splice(0)
  }
  parser.write(decoder.decode())
  parser.end()
  yield* done
}

/** The five entities of XML, and none of HTML's. */
const options = { position: false, strictEntities: true }

/** Throws out of `write` and `end`. */
function openParser(root: string, take: (element: XmlElement) => void): { write(text: string): void; end(): void } {
  const parser = sax.parser(true, options)
  const open: Open[] = []
  let prefix = ""
  let seen = false
  /** Depth of extensions inside which we are. */
  let skipping = 0
  let elements = 0
  let characters = 0
  let fault: XmlFault | undefined
  const refuse = (reason: string): void => void (fault ??= new XmlFault(reason))

  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it has no other way
  parser.onerror = () => refuse("it is no well-formed XML")
  parser.ondoctype = () => refuse("it has a document type declaration")
  parser.onsgmldeclaration = () => refuse("it has a declaration")
  parser.onopentagstart = ({ name }) => {
    if (!seen) {
      seen = true
      prefix = name.slice(0, name.indexOf(":") + 1)
      if (name.slice(prefix.length) !== root) refuse(`its root is not ${root}`)
    }
    else if (open.length + skipping === 0) refuse("it has a second root")
    if (open.length + skipping >= maxDepth) refuse("it is too deep")
    if (++elements > maxElements) refuse("it has too many elements in one place")
    const isForeign = prefix === "" ? name.includes(":") : !name.startsWith(prefix)
    if (fault || skipping > 0 || isForeign) skipping++
    else open.push({ name: name.slice(prefix.length), text: "", children: [] })
  }
  const text = (piece: string): void => {
    characters += piece.length
    if (characters > maxTextCharacters) refuse("it has too much text in one place")
    const inner = open.at(-1)
    if (inner && skipping === 0 && !fault) inner.text += piece
  }
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it has no other way
  parser.ontext = text
  parser.oncdata = text
  parser.onclosetag = () => {
    if (skipping > 0) return void skipping--
    const closed = open.pop()
    const parent = open.at(-1)
    if (!closed || !parent) return
    const element = { name: closed.name, text: closed.children.length > 0 ? "" : closed.text.trim(), children: closed.children }
    if (open.length > 1) return void parent.children.push(element)
    take(element)
    elements = 0
    characters = 0
    parent.text = ""
  }
  const check = (): void => {
    if (fault) throw fault
  }
  return {
    write(piece) {
      parser.write(piece)
      check()
    },
    end() {
      parser.close()
      check()
      if (!seen) throw new XmlFault("it is empty")
    },
  }
}
