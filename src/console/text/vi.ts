/** All Vietnamese text of the public pages, with the English beside it where both are shown. */
export const statusText = {
  title: "Công Thư",
  subtitle: "Hệ thống thư công vụ",
  healthy: "Hệ thống đang hoạt động bình thường",
  unhealthy: "Có bộ phận đang gặp sự cố",
  role: "Bộ phận",
  state: "Trạng thái",
  detail: "Chi tiết",
  since: "Chạy từ",
  up: "Tốt",
  down: "Sự cố",
  console: "Đăng nhập",
  help: "Cách cài ứng dụng thư",
  checkedAt: "Kiểm tra lúc",
  english: "Status of the official mail system. The page renews itself every 15 seconds.",
  notFound: "Không có trang này.",
  badRequest: "Địa chỉ không hợp lệ.",
  broken: "Hệ thống gặp lỗi khi trả lời.",
} as const

export const roleText: Readonly<Record<string, string>> = {
  smtp: "Nhận và gửi thư (SMTP)",
  imap: "Đọc thư (IMAP)",
  web: "Trang quản trị (HTTPS)",
  worker: "Hàng đợi chuyển thư",
}

export const checkText: Readonly<Record<string, string>> = {
  database: "Cơ sở dữ liệu",
  queue: "Hàng đợi",
  process: "Tiến trình",
  addressBook: "Sổ địa chỉ LDAP",
  policy: "Chính sách",
  signingKeys: "Khóa ký thay",
  certificates: "Chứng thư máy chủ",
  dkim: "Chữ ký DKIM của thư gửi đi",
  redis: "Redis",
}

export const helpText = {
  title: "Cài ứng dụng thư",
  intro: "Dùng địa chỉ hộp thư làm tên đăng nhập, mật khẩu được cấp, và các thông số sau:",
  incoming: "Máy chủ nhận thư (IMAP)",
  outgoing: "Máy chủ gửi thư (SMTP)",
  security: "Bảo mật",
  port: "Cổng",
  server: "Máy chủ",
  automatic: "Thunderbird và Outlook tự tìm các thông số này: chỉ cần nhập địa chỉ và mật khẩu.",
  apple: "iPhone, iPad, Mac: địa chỉ hộp thư",
  appleButton: "Tải cấu hình",
  back: "Về trang trạng thái",
  english: "Sign in with your full address. Incoming: IMAP over SSL/TLS. Outgoing: SMTP submission over SSL/TLS.",
} as const

/** Set-up of mail clients: what they show, and what they are told when there is nothing for them. */
export const setupText = {
  helpPage: "Cách cài ứng dụng thư",
  helpPageEnglish: "How to set up a mail client",
  profile: "Cài hộp thư công vụ trên thiết bị này. Mật khẩu được hỏi khi cài.",
  addressBook: "Sổ địa chỉ công vụ",
  refused: {
    404: "Không phải tên miền thư của hệ thống này. Not a mail domain of this system.",
    413: "Yêu cầu quá dài. The request is too long.",
    415: "Không nhận yêu cầu nén. Compressed requests are not taken.",
    429: "Quá nhiều yêu cầu, hãy thử lại sau. Too many requests; try again later.",
  },
  onlyHttps: "Chỉ phục vụ qua HTTPS. Only over HTTPS.",
} as const

/** What `/certificates` says when it has no certificates to give, by status. */
export const certificateText: Readonly<Record<number, string>> = {
  401: "Hãy đăng nhập bằng địa chỉ hộp thư và mật khẩu. Sign in with your address and password.",
  404: "Không có chứng thư nào cho địa chỉ này. No certificate is known for this address.",
  406: "Chỉ có các dạng application/pkcs7-mime, application/pem-certificate-chain và application/pkix-cert. None of the forms asked for is available.",
  429: "Bạn đã tra cứu hoặc đăng nhập sai quá nhiều lần, hãy thử lại sau. Too many lookups or failed sign-ins; try again later.",
  503: "Hệ thống tạm thời chưa trả lời được, hãy thử lại sau. The directory cannot be read now; try again in a moment.",
}

/** The page on which a recipient releases the own copy of a message that was set aside: Vietnamese first, English below it. */
export const quarantineText = {
  title: "Thư bị giữ lại",
  intro: "Thư này gửi tới bạn bị giữ lại để kiểm tra và chưa vào hộp thư. Chỉ nhận khi bạn chờ thư này và tin người gửi.",
  english: "This message to you was set aside. Let it into your mailbox only if you expect it and trust its sender.",
  to: "Hộp thư / Mailbox",
  reversePath: "Gửi từ / Sent by",
  from: "Người gửi ghi trong thư / The message says it is from",
  subject: "Tiêu đề / Subject",
  size: "Cỡ / Size",
  heldAt: "Bị giữ lúc / Held since",
  reason: "Lý do / Reason",
  number: "Số thư / Number",
  button: "Nhận thư vào hộp thư của tôi / Release to my mailbox",
  gone: "Thư này không còn bị giữ: đã được cho đi vào hộp thư. The message is held no more: it was released.",
  refused: "Quản trị viên đã từ chối thư này. The message was refused by an administrator.",
  notFound: "Không có trang này. Hãy kiểm tra lại đường dẫn trong thông báo. There is no such page; check the link in the notice.",
  expired: "Đường dẫn đã hết hạn. Hãy báo quản trị viên kèm số thư trong thông báo. The link has expired; tell the administrator the number in the notice.",
  administrators: "Chỉ quản trị viên được cho thư này đi. Only administrators release this message.",
  tooMany: "Quá nhiều yêu cầu, hãy thử lại sau. Too many requests; try again later.",
  unavailable: "Hệ thống tạm thời chưa trả lời được, hãy thử lại sau. The system cannot answer now; try again in a moment.",
} as const
