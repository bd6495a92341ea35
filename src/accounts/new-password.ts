import { maxPasswordBytes, normalPassword } from "./credential.ts"

/**
 * What a password must be that a person thinks up: long enough, and none that others would guess first (NIST SP 800-63B §3.1.1.2: length and
 * a list, no rules of composition). Pure.
 */
export const newPasswordProblems = ["short", "long", "control", "common", "own"] as const
export type NewPasswordProblem = (typeof newPasswordProblems)[number]

export const minNewPasswordCharacters = 10

/** Words that passwords here are made of, without marks, in lower case; what is left of a password when its digits and signs are gone must not be one. */
const commonWords = new Set([
  "", "password", "pass", "passwd", "matkhau", "matma", "admin", "administrator", "quantri", "root", "user", "nguoidung", "welcome", "xinchao", "hello", "letmein", "login", "dangnhap", "master", "secret", "bimat",
  "qwerty", "qwertyuiop", "asdfgh", "asdfghjkl", "zxcvbnm", "qazwsx", "qazwsxedc", "abc", "abcd", "abcdef", "abcdefgh", "iloveyou", "anhyeuem", "emyeuanh", "yeuem", "congthu", "thucongvu", "congvu", "mail", "email",
  "hopthu", "vietnam", "hanoi", "saigon", "hochiminh", "bacho", "tinh", "ubnd", "thanhpho", "congan", "nhanvien", "giadinh", "hanhphuc", "maimai", "khongbiet", "dragon", "monkey", "football", "bongda", "sunshine", "princess", "computer", "maytinh", "internet", "default", "test", "demo", "guest",
])

const runs = ["abcdefghijklmnopqrstuvwxyz", "0123456789012345", "9876543210987654", "qwertyuiop", "asdfghjkl", "zxcvbnm"]

export interface PasswordOwner {
  readonly address: string
  readonly name: string
}

/** Undefined when it will do. */
export function newPasswordProblem(text: string, { address, name }: PasswordOwner): NewPasswordProblem | undefined {
  const normal = normalPassword(text)
  if ([...normal].length < minNewPasswordCharacters) return "short"
  if (Buffer.byteLength(normal) > maxPasswordBytes) return "long"
  // oxlint-disable-next-line no-control-regex -- bcrypt ends at NUL, keyboards have none of the others
  if (/[\x00-\x1f\x7f]/.test(normal)) return "control"
  const plain = plainLetters(normal)
  if (new Set(plain).size < minDifferent || isRun(plain) || commonWords.has(lettersOf(plain)) || commonWords.has(lettersOf(seenThrough(plain)))) return "common"
  const letters = lettersOf(plain)
  const own = [address.split("@")[0] ?? "", name].map((word) => lettersOf(plainLetters(word))).filter((word) => word.length >= minOwnLetters)
  return own.some((word) => letters.includes(word) && letters.length - word.length < minBeside) ? "own" : undefined
}

const minDifferent = 5
const minOwnLetters = 4
/** Letters beside one's own name that make it something else. */
const minBeside = 6

const looksLike: Readonly<Record<string, string>> = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", "@": "a", $: "s", "!": "i" }

const lettersOf = (plain: string): string => plain.replace(/[^a-z]/g, "")

/** `p@ssw0rd2026` → `password`: a year at the end is a year, figures within stand for letters. */
const seenThrough = (plain: string): string => plain.replace(/[^a-z]+$/, "").replace(/[013457@$!]/g, (letter) => looksLike[letter] ?? letter)

/** Vietnamese without its marks, in lower case, as it is typed into passwords. */
const plainLetters = (text: string): string => text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase().replaceAll("đ", "d")

/** The whole of it along a row of keys, or the same piece again and again. */
const isRun = (plain: string): boolean => runs.some((run) => run.includes(plain)) || /^(.{1,5})\1+.{0,4}$/.test(plain)
