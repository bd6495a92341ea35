import type { Catalogue } from "../web/words.ts"

/** Pages that need no sign-in: how the system is, how to set a mail client up, what was set aside for somebody. */
export const publicText = {
  signIn: { vi: "Đăng nhập", en: "Sign in" },
  help: { vi: "Cách cài ứng dụng thư", en: "How to set up a mail client" },
  status: { vi: "Tình trạng hệ thống", en: "State of the system" },
  languages: { vi: "Ngôn ngữ", en: "Language" },
  notFound: { vi: "Không có trang này.", en: "There is no such page." },
  badRequest: { vi: "Địa chỉ không hợp lệ.", en: "The address is not valid." },
  broken: { vi: "Hệ thống gặp lỗi khi trả lời.", en: "Something went wrong." },
} as const satisfies Catalogue

export const statusText = {
  healthy: { vi: "Hệ thống thư công vụ đang hoạt động bình thường.", en: "The official mail system works as it should." },
  unhealthy: { vi: "Có bộ phận đang gặp sự cố.", en: "A part of the system has a fault." },
  caption: { vi: "Từng bộ phận", en: "Part by part" },
  role: { vi: "Bộ phận", en: "Part" },
  state: { vi: "Trạng thái", en: "State" },
  detail: { vi: "Chi tiết", en: "Details" },
  since: { vi: "Chạy từ", en: "Running since" },
  up: { vi: "Tốt", en: "Good" },
  down: { vi: "Sự cố", en: "Fault" },
  checkedAt: { vi: "Kiểm tra lúc", en: "Looked at" },
  renew: { vi: "Làm mới", en: "Renew" },
} as const satisfies Catalogue

/** By the role's name. */
export const roleText: Catalogue = {
  smtp: { vi: "Nhận và gửi thư (SMTP)", en: "Receiving and sending (SMTP)" },
  imap: { vi: "Đọc thư (IMAP)", en: "Reading (IMAP)" },
  web: { vi: "Trang web và API (HTTPS)", en: "Web site and API (HTTPS)" },
  worker: { vi: "Hàng đợi chuyển thư", en: "Delivery queue" },
}

/** By the check's name. */
/** Why files of a certificate cannot be served with: `en` as src/tls says it. */
export const unusablePairText = {
  noCertificate: { vi: "{file}: tệp chứng thư không có chứng thư PEM", en: "{file}: the certificate file holds no PEM certificate" },
  otherKey: { vi: "{file}: khóa không phải của chứng thư này", en: "{file}: the key is not the one of the certificate" },
  encrypted: { vi: "{file}: khóa được mã hóa; phải đọc được khi không có mật khẩu", en: "{file}: the key is encrypted; it must be readable without a passphrase" },
  noKey: { vi: "{file}: tệp khóa không có khóa bí mật PEM", en: "{file}: the key file holds no PEM private key" },
  refused: { vi: "{file}: OpenSSL không chấp nhận ({why})", en: "{file}: OpenSSL does not serve it: {why}" },
  tooLarge: { vi: "{file}: tệp lớn hơn 1 MiB", en: "{file}: the file is larger than 1 MiB" },
  unreadable: { vi: "{file}: không đọc được tệp ({why})", en: "{file}: cannot be read: {why}" },
} as const satisfies Catalogue

export const checkText: Catalogue = {
  database: { vi: "Cơ sở dữ liệu", en: "Database" },
  queue: { vi: "Hàng đợi", en: "Queue" },
  process: { vi: "Tiến trình", en: "Process" },
  addressBook: { vi: "Sổ địa chỉ LDAP", en: "LDAP address book" },
  policy: { vi: "Chính sách", en: "Policy" },
  signingKeys: { vi: "Khóa ký thay", en: "Keys to sign for senders" },
  certificates: { vi: "Chứng thư máy chủ", en: "Server certificates" },
  dkim: { vi: "Chữ ký DKIM của thư gửi đi", en: "DKIM signatures of outgoing mail" },
  redis: { vi: "Redis", en: "Redis" },
  acme: { vi: "Xin chứng thư tự động (ACME)", en: "Certificates ordered by itself (ACME)" },
  audit: { vi: "Nhật ký", en: "Audit" },
  reports: { vi: "Báo cáo TLS và DMARC", en: "TLS and DMARC reports" },
}

export const helpText = {
  intro: { vi: "Dùng địa chỉ hộp thư đầy đủ làm tên đăng nhập. Mật khẩu là mật khẩu ứng dụng, tạo sau khi đăng nhập trang web này; nếu đã bật xác thực hai bước thì chỉ dùng được mật khẩu ứng dụng.", en: "Sign in with the full address. The password is an app password, made on this site after signing in; with two-step sign-in no other is taken." },
  caption: { vi: "Thông số máy chủ", en: "Server settings" },
  kind: { vi: "Dùng để", en: "For" },
  incoming: { vi: "Nhận thư (IMAP)", en: "Incoming mail (IMAP)" },
  outgoing: { vi: "Gửi thư (SMTP)", en: "Outgoing mail (SMTP)" },
  security: { vi: "Bảo mật", en: "Security" },
  port: { vi: "Cổng", en: "Port" },
  server: { vi: "Máy chủ", en: "Server" },
  automatic: { vi: "Thunderbird và Outlook tự tìm các thông số này: chỉ cần nhập địa chỉ và mật khẩu.", en: "Thunderbird and Outlook find these by themselves: address and password are enough." },
  appleTitle: { vi: "iPhone, iPad, Mac", en: "iPhone, iPad, Mac" },
  apple: { vi: "Địa chỉ hộp thư", en: "Address of the mailbox" },
  appleButton: { vi: "Tải cấu hình", en: "Download the profile" },
} as const satisfies Catalogue

/** On which a recipient releases the own copy of a message that was set aside. */
export const quarantineText = {
  title: { vi: "Thư bị giữ lại", en: "A message was set aside" },
  intro: { vi: "Thư này gửi tới bạn bị giữ lại để kiểm tra và chưa vào hộp thư. Chỉ nhận khi bạn chờ thư này và tin người gửi.", en: "This message to you was set aside. Let it into your mailbox only if you expect it and trust its sender." },
  to: { vi: "Hộp thư", en: "Mailbox" },
  reversePath: { vi: "Gửi từ", en: "Sent by" },
  from: { vi: "Người gửi ghi trong thư", en: "The message says it is from" },
  subject: { vi: "Tiêu đề", en: "Subject" },
  size: { vi: "Cỡ", en: "Size" },
  heldAt: { vi: "Bị giữ lúc", en: "Held since" },
  reason: { vi: "Lý do", en: "Reason" },
  number: { vi: "Số thư", en: "Number" },
  button: { vi: "Nhận thư vào hộp thư của tôi", en: "Release to my mailbox" },
  gone: { vi: "Thư này không còn bị giữ: đã được cho đi vào hộp thư.", en: "The message is held no more: it was released." },
  refused: { vi: "Quản trị viên đã từ chối thư này.", en: "The message was refused by an administrator." },
  notFound: { vi: "Không có trang này. Hãy kiểm tra lại đường dẫn trong thông báo.", en: "There is no such page; check the link in the notice." },
  expired: { vi: "Đường dẫn đã hết hạn. Hãy báo quản trị viên kèm số thư trong thông báo.", en: "The link has expired; tell the administrator the number in the notice." },
  administrators: { vi: "Chỉ quản trị viên được cho thư này đi.", en: "Only administrators release this message." },
  tooMany: { vi: "Quá nhiều yêu cầu, hãy thử lại sau.", en: "Too many requests; try again later." },
  unavailable: { vi: "Hệ thống tạm thời chưa trả lời được, hãy thử lại sau.", en: "The system cannot answer now; try again in a moment." },
} as const satisfies Catalogue
