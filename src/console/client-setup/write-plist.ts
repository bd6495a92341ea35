import { element, type Xml, xmlDeclaration } from "./write-xml.ts"

/** Apple's property list in XML (DTD PropertyList-1.0). Pure. */
export type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue }

const doctype = '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'

export const plist = (value: PlistValue): string => `${xmlDeclaration}${doctype}${element("plist", [written(value)], { version: "1.0" }).xml}\n`

/** Numbers are whole ones. */
function written(value: PlistValue): Xml {
  if (typeof value === "string") return element("string", value)
  if (typeof value === "number") return element("integer", String(value))
  if (typeof value === "boolean") return element(String(value), [])
  if (isArray(value)) return element("array", value.map(written))
  return element("dict", Object.entries(value).flatMap(([key, one]) => [element("key", key), written(one)]))
}

const isArray = (value: PlistValue): value is readonly PlistValue[] => Array.isArray(value)
