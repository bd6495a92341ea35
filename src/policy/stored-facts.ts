import type { MessageFacts } from "./facts.ts"

/**
 * Facts that were stored, by this program or an older one: what the engine walks through is there and of its type, or undefined.
 * Looked at no closer than that: only we write them, and a replay reads a million. Pure.
 */
export function storedFacts(value: unknown): MessageFacts | undefined {
  if (!isObject(value)) return undefined
  const { direction, sender, reversePath, recipients, header, bytes, authentication, signature, tls, at } = value
  const sound =
    isTexts([direction, reversePath]) && typeof bytes === "number" && typeof at === "number" &&
    (sender === null || isParty(sender)) && Array.isArray(recipients) && recipients.every(isParty) &&
    isObject(header) && typeof header["subject"] === "string" && isTextList(header["from"]) && isObject(header["fields"]) && Object.values(header["fields"]).every(isTextList) &&
    isObject(authentication) && isObject(signature) && isTextList(signature["problems"]) && isSigners(signature["signers"]) &&
    isOptional(value["authenticity"], ["spf", "dmarc", "arc"]) && isOptional(value["scan"], []) &&
    (tls === null || (isObject(tls) && isTexts([tls["version"], tls["cipher"]])))
  return sound ? (value as MessageFacts & Readonly<Record<string, unknown>>) : undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value)
const isTexts = (values: readonly unknown[]): boolean => values.every((value) => typeof value === "string")
const isTextList = (value: unknown): value is readonly string[] => Array.isArray(value) && isTexts(value)
const isParty = (value: unknown): boolean => isObject(value) && isTexts([value["address"], value["domain"], value["kind"]]) && isTextList(value["units"]) && isTextList(value["groups"])
const isOptional = (value: unknown, parts: readonly string[]): boolean => value === undefined || (isObject(value) && parts.every((part) => isObject(value[part])) && [value["dkim"], value["unavailable"]].every((list) => list === undefined || Array.isArray(list)))
const isSigners = (value: unknown): boolean => Array.isArray(value) && value.every((signer) => isObject(signer) && isTextList(signer["problems"]))
