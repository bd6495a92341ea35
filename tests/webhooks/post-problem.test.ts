import { expect, test } from "vitest"
import { connectProblem, keptProblem, keptProblemText, PostProblemError } from "../../src/webhooks/post-problem.ts"

const nodeError = (code: string): Error => Object.assign(new Error(`${code} 192.0.2.1:443`), { code })

test.each([
  [nodeError("ECONNREFUSED"), "từ chối kết nối", "refuses connections"],
  [nodeError("ENOTFOUND"), "tên máy không có địa chỉ", "cannot be reached (has no address)"],
  [nodeError("CERT_HAS_EXPIRED"), "chứng thư TLS không được tin cậy (CERT_HAS_EXPIRED)", "has a TLS certificate that is not trusted (CERT_HAS_EXPIRED)"],
  [nodeError("EHOSTUNREACH"), "không kết nối được (EHOSTUNREACH 192.0.2.1:443)", "cannot be reached (EHOSTUNREACH 192.0.2.1:443)"],
  [new PostProblemError("private"), "tên máy dẫn tới một địa chỉ nội bộ (notifications.webhooks)", "cannot be reached (leads to a private address (notifications.webhooks))"],
  ["$& {what}", "không kết nối được ($& {what})", "cannot be reached ($& {what})"],
])("%s is kept and said in both languages", (error, vi, en) => {
  const kept = keptProblem(connectProblem(error))
  expect([keptProblemText(kept, "vi"), keptProblemText(kept, "en")]).toEqual([vi, en])
})

test.each(["", "did not answer within 10 s", "late", "closed by hand", "constructor", "status\n500\n"])("%j, which was not kept by us, is said as it is", (kept) => {
  expect(keptProblemText(kept, "vi")).toBe(kept)
})
