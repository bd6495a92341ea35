import type { DomainRecord } from "./domain-record.ts"

/** What each record is for, in Vietnamese and in English, for the administrator of the zone. */
export const recordWords = (record: DomainRecord): string => {
  switch (record.kind) {
    case "dkim":
      return dkimWords[record.state]
    case "alias":
      return aliasWords[record.purpose]
    case "dmarc":
      return record.policy === "none" ? words.dmarc : dmarcStrict
    default:
      return words[record.kind]
  }
}

const words = {
  mx: "Thư gửi tới tên miền này đến máy chủ này / mail for this domain comes to this server",
  address: "Máy chủ thư phải có địa chỉ IP và bản ghi ngược (PTR) / the mail server needs addresses, and PTR records that lead back to it",
  spf: "Chỉ những máy này gửi thư nhân danh tên này / only these hosts send mail in this name (SPF)",
  dmarc: "Máy chủ khác chỉ báo cáo thư giả mạo, chưa từ chối; sau vài tuần hãy dùng --strict / others only report forged mail; after some weeks use --strict (DMARC)",
  dmarcReports: "Tên miền nhận báo cáo đồng ý nhận / the domain that is told agrees to be told (DMARC)",
  mtaSts: "Có chính sách MTA-STS; id đổi khi chính sách đổi / there is an MTA-STS policy; the id changes when it does",
  tlsRpt: "Nơi nhận báo cáo về mã hóa đường truyền / where reports on encrypted transport go (TLS-RPT)",
  tlsa: "Khóa của chứng thư máy chủ; chỉ có giá trị khi vùng được ký DNSSEC / key of the server's certificate; counts only in a zone signed with DNSSEC (DANE)",
  srv: "Ứng dụng thư tự tìm máy chủ / mail clients find the server by themselves (RFC 6186)",
} as const

const dmarcStrict = "Máy chủ khác từ chối thư giả mạo tên miền này / others refuse mail that is forged in this name (DMARC)"

const dkimWords = {
  pending: "Khóa ký DKIM mới: công bố thì tự ký trong vòng một giờ / new DKIM key: publish it, and it signs within the hour",
  active: "Khóa đang ký thư gửi đi / the key that signs outgoing mail (DKIM)",
  retiring: "Khóa cũ: giữ đến khi chạy `dkim retire`, vì thư đã ký còn trên đường / old key: keep it until `dkim retire`, mail signed with it is on its way (DKIM)",
} as const

const aliasWords = {
  mtaSts: "Nơi đọc chính sách MTA-STS: HTTPS cổng 443, chứng thư cho đúng tên này / where the policy is read: HTTPS on port 443, with a certificate for this name",
  autoconfig: "Thunderbird tự cấu hình / automatic set-up of Thunderbird",
  autodiscover: "Outlook tự cấu hình / automatic set-up of Outlook",
} as const
