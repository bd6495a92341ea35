/** Letters of other scripts that nobody can tell from Latin ones in a subject line (Unicode TR 39, those of our alphabet), pair by pair. */
const pairs =
  "АAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXаaеeѕsіiјjоoрpсcуyхxкkмmтt" + // Cyrillic
  "ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXοoνvιiκkυuαaρpτt" + // Greek
  "ᴀAᴄCᴅDᴇEɢGʜHɪIᴊJᴋKʟLᴍMɴNᴏOᴘPʀRᴛTᴜUᴠVʏY" // small capitals

const latin: ReadonlyMap<string, string> = new Map(Array.from({ length: pairs.length / 2 }, (_, at) => [pairs.charAt(at * 2), pairs.charAt(at * 2 + 1)]))
const foreign = new RegExp(`[${[...latin.keys()].join("")}]`, "g")

/** The text with the Latin letters that it seems to have; decomposed text keeps its diacritics. Pure. */
export const lookAlikes = (text: string): string => text.replace(foreign, (letter) => latin.get(letter) ?? letter)
