/** Header fields and bodies as we write them. Pure. */

/** RFC 5322 §2.1.1: lines of at most 78 characters where there is a space to fold at. */
export const foldedField = (line: string): string => {
  let text = ""
  let column = 0
  for (const word of line.split(" ")) {
    const fits = column === 0 || column + 1 + word.length <= 76
    text += column === 0 ? word : fits ? ` ${word}` : `\r\n ${word}`
    column = fits ? column + 1 + word.length : 1 + word.length
  }
  return `${text}\r\n`
}

/** RFC 2047 §2: encoded words of at most 75 characters, none of which splits a character. */
export const encodedWord = (text: string): string => {
  const words: string[] = [""]
  for (const char of text) {
    const last = words.at(-1) ?? ""
    if (Buffer.byteLength(last + char) > 42) words.push(char)
    else words[words.length - 1] = last + char
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString("base64")}?=`).join("\r\n ")
}

/** RFC 2045 §6.8 */
export const base64Lines = (data: string | Uint8Array): string => Buffer.from(data).toString("base64").replace(/.{76}/g, "$&\r\n")
