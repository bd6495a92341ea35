import { keyRecord } from "../mail/dkim/key-record.ts"
import { type DomainRecord, recordText } from "./domain-record.ts"
import { recordWords } from "./record-words.ts"

/** Records in the notation of zone files (RFC 1035 §5.1), each under a line that says what it is for. */
export const zoneText = (records: readonly DomainRecord[]): string => records.map((record) => [`; ${recordWords(record)}`, zoneLine(record), ""].join("\n")).join("\n")

const ttlSeconds = 3600

function zoneLine(record: DomainRecord): string {
  const data = recordData(record)
  return data === undefined ? `; ${record.name}. A/AAAA …` : `${record.name}. ${ttlSeconds} IN ${data}`
}

/** Type and value; undefined for what only the administrator knows. */
export function recordData(record: DomainRecord): string | undefined {
  switch (record.kind) {
    case "mx":
      return `MX ${record.preference} ${record.exchange}.`
    case "address":
      return undefined
    case "tlsa":
      return `TLSA 3 1 1 ${Buffer.from(record.association).toString("hex")}`
    case "srv":
      return `SRV 0 1 ${record.port} ${record.target}.`
    case "alias":
      return `CNAME ${record.target}.`
    case "dkim":
      return `TXT ${quotedStrings(keyRecord(record.key))}`
    default:
      return `TXT ${quotedStrings(recordText(record) ?? "")}`
  }
}

/** RFC 1035 §3.3: a string has at most 255 bytes; a longer text is several, which are read as one. */
const quotedStrings = (text: string): string => (text.match(/.{1,250}/gs) ?? [""]).map((part) => `"${part.replace(/["\\]/g, "\\$&")}"`).join(" ")
