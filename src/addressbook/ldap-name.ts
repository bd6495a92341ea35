/** `uid=…,parent` with the value escaped (RFC 4514 §2.4): what has a meaning in a name, and spaces, as `\XX`. */
export const childName = (type: string, value: string, parent: string): string => `${type}=${value.replace(special, escaped)},${parent}`

// oxlint-disable-next-line no-control-regex -- control characters are escaped too
const special = /["+,;<>\\#=\s\u0000-\u001f\u007f]/gu

const escaped = (character: string): string => [...Buffer.from(character)].map((octet) => `\\${octet.toString(16).padStart(2, "0")}`).join("")

/** Type and value of the first part of a name as configured, such as `dc=tinh,dc=example`; undefined when it is no name. */
export function firstPart(name: string): { readonly type: string; readonly value: string } | undefined {
  const match = /^\s*([a-z][a-z0-9-]*)\s*=\s*([^,+"\\<>;#=]+?)\s*(?:,|$)/i.exec(name)
  return match?.[1] && match[2] ? { type: match[1].toLowerCase(), value: match[2] } : undefined
}
