/** What to do about what `dns check` finds, in Vietnamese and in English. */
import type { DomainRecord } from "./domain-record.ts"

const unanswered = "Chưa hỏi được DNS: hỏi lại sau, hoặc xem dns.servers / the DNS could not be asked: try again, or look at dns.servers"

export const recordTodo = (record: DomainRecord, result: "ok" | "missing" | "different" | "unanswered"): string => {
  if (result === "ok") return ""
  if (result === "unanswered") return unanswered
  if (record.kind === "dkim") return result === "missing" ? dkimMissing[record.state] : dkimDifferent
  if (result === "missing") return record.kind === "address" ? addressMissing : record.kind === "dmarcReports" ? dmarcReportsMissing : missing
  return different[record.kind] ?? changed
}

const missing = "Thêm bản ghi này vào vùng / add this record to the zone"
const changed = "Sửa bản ghi cho đúng như trên / change the record to what is expected"
const addressMissing = "Thêm địa chỉ IP công khai của máy chủ thư / add the public addresses of the mail server"
const dmarcReportsMissing = "Nhờ tên miền nhận báo cáo thêm bản ghi này, hoặc đổi dns.reportsTo / have the domain that is told add this record, or change dns.reportsTo"
const dkimDifferent = "Khóa khác đang ở tên này: thay bằng khóa trên / another key is at this name: replace it with this one"
const dkimMissing = {
  pending: "Công bố khóa này; khóa tự ký khi DNS đã có / publish this key; it signs by itself once the DNS has it",
  active: "Thư đang ký bằng khóa này mà không ai kiểm tra được: công bố ngay / mail is signed with this key and nobody can verify it: publish it now",
  retiring: "Thư đã ký còn trên đường: giữ bản ghi này thêm một thời gian / mail signed with it is still on its way: keep this record for a while",
} as const

const different: Readonly<Partial<Record<DomainRecord["kind"], string>>> = {
  mx: "Thư của tên miền này không đến máy chủ này: sửa MX / mail for this domain does not come here: change the MX",
  spf: "Chỉ để một bản ghi SPF, có các thành phần trên và kết thúc bằng -all hoặc ~all / keep one SPF record, with these mechanisms and -all or ~all at its end",
  dmarc: "Chỉ để một bản ghi DMARC, chính sách không yếu hơn trên / keep one DMARC record, with a policy that is not weaker",
  mtaSts: "Chính sách đã đổi: ghi id mới / the policy is another: publish the new id",
  tlsa: "Chứng thư đã đổi khóa: công bố giá trị này / the certificate has another key: publish this value",
}

export const policyWords = {
  unanswered,
  missing: "Đưa tên này tới vai trò web qua HTTPS cổng 443 / lead this name to the role web, over HTTPS on port 443",
  certificate: "Cần chứng thư được tin cậy cho đúng tên này / this name needs a certificate of its own that others trust",
  different: "Nơi phục vụ không phải máy chủ này hoặc chạy cấu hình cũ: sửa proxy hoặc chạy lại vai trò web / what answers is not this server, or has an old configuration: look at the proxy, or restart the role web",
} as const

export const reverseWords = {
  unanswered,
  missing: "Nhờ nhà cung cấp đường truyền đặt bản ghi ngược này / have the owner of the address (your provider) set this PTR record",
  different: "Tên trong PTR phải có địa chỉ này: nhờ nhà cung cấp đổi tên, hoặc thêm địa chỉ cho tên đó / the name in the PTR record must have this address: have it changed, or give the name this address",
} as const
