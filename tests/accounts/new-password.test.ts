import { expect, test } from "vitest"
import { type NewPasswordProblem, newPasswordProblem } from "../../src/accounts/new-password.ts"

const owner = { address: "nguyenvanan.vp@sonv.tinh.example", name: "Nguyễn Văn An" }

test.each<[string, NewPasswordProblem | undefined]>([
  ["Ngắn quá1", "short"],
  // 13 characters of three bytes each, and more of them than bcrypt reads
  ["ộ".repeat(9), "short"],
  ["Mưa rơi trên mái ngói cũ, đêm nghe như tiếng ai gọi về xa lắm!", "long"],
  ["một hai ba\nbốn", "control"],
  ["một hai ba\0bốn", "control"],
  ["1234567890", "common"],
  ["aaaaaaaaaaaa", "common"],
  ["abcabcabcabc", "common"],
  ["abcdefghijkl", "common"],
  ["qwertyuiop", "common"],
  ["Password123!", "common"],
  ["P@ssw0rd2026", "common"],
  ["Mật khẩu 2026", "common"],
  ["MatKhau@12345", "common"],
  ["anhyeuem123456", "common"],
  ["20261127 1234 99", "common"],
  ["Nguyễn Văn An 1990", "own"],
  ["nguyenvanan@2026", "own"],
  ["nguyenvananvp1", "own"],
  ["nguyenvanan thích hoa đào", undefined],
  ["Hoa đào nở muộn", undefined],
  ["k3pd-9rtq-zz17", undefined],
  ["correct horse battery", undefined],
])("%j: %s", (text, problem) => {
  expect(newPasswordProblem(text, owner)).toBe(problem)
})

test("letters typed composed or decomposed are judged alike", () => {
  const text = "Hoa đào nở muộn"
  expect(newPasswordProblem(text.normalize("NFD"), owner)).toBe(newPasswordProblem(text.normalize("NFC"), owner))
})
