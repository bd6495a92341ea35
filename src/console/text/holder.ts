import type { CertificateState, CertificateUse } from "../../accounts/directory.ts"
import type { ForwardingProblem } from "../../accounts/forwarding.ts"
import type { Catalogue, Words } from "../web/words.ts"

/** More of a holder's own pages: certificates, set-up of clients, forwarding. */
export const certificatesText = {
  title: { vi: "Chứng thư của tôi", en: "My certificates" },
  intro: { vi: "Chứng thư ký thư đã đăng ký cho bạn, và chứng thư dùng để ký thay các hộp thư bạn quản lý.", en: "Signing certificates that are registered for you, and those that sign for mailboxes that you look after." },
  caption: { vi: "Chứng thư đã đăng ký", en: "Registered certificates" },
  none: { vi: "Chưa có chứng thư nào được đăng ký. Hãy gửi chứng thư cho quản trị viên của đơn vị.", en: "No certificate is registered yet. Give yours to your unit's administrator." },
  subject: { vi: "Chủ thể", en: "Subject" },
  holder: { vi: "Người giữ", en: "Holder" },
  use: { vi: "Loại", en: "Use" },
  state: { vi: "Trạng thái", en: "State" },
  until: { vi: "Có hiệu lực đến", en: "Valid until" },
  for: { vi: "Ký cho", en: "Signs for" },
  all: { vi: "mọi hộp thư người giữ được ký", en: "every mailbox that its holder may sign for" },
  daysLeft: { vi: "còn {days} ngày", en: "{days} days left" },
  ended: { vi: "đã hết hạn", en: "has ended" },
  fingerprint: { vi: "Dấu vân tay", en: "Fingerprint" },
} as const satisfies Catalogue

export const certificateUseText = {
  personal: { vi: "cá nhân", en: "personal" },
  organizational: { vi: "cơ quan, tổ chức", en: "organization" },
  mobile: { vi: "di động", en: "mobile" },
} as const satisfies Record<CertificateUse, Words>

export const certificateStateText = {
  active: { vi: "đang hiệu lực", en: "active" },
  suspended: { vi: "tạm dừng", en: "suspended" },
  revoked: { vi: "đã thu hồi", en: "revoked" },
} as const satisfies Record<CertificateState, Words>

export const setUpText = {
  title: { vi: "Cài ứng dụng thư", en: "Set up mail clients" },
  account: { vi: "Hộp thư", en: "Mailbox" },
  show: { vi: "Xem", en: "Show" },
  step1: { vi: "1. Tạo mật khẩu ứng dụng", en: "1. Make an app password" },
  step1Text: { vi: "Mỗi thiết bị nên có một mật khẩu riêng, mất thiết bị thì chỉ cần thu hồi mật khẩu đó.", en: "Each device is best given a password of its own: when it is lost, only that one is revoked." },
  withFactor: { vi: "Nếu bạn đã bật xác thực hai bước, ứng dụng thư chỉ nhận mật khẩu ứng dụng, không nhận mật khẩu chính.", en: "With two-step sign-in, mail clients get in with an app password only, not with the main password." },
  step2: { vi: "2. Cài thiết bị", en: "2. Set the device up" },
  apple: { vi: "iPhone, iPad, Mac", en: "iPhone, iPad, Mac" },
  appleText: { vi: "Quét mã này bằng máy ảnh của thiết bị, tải hồ sơ cấu hình rồi mở Cài đặt › Cài đặt chung › VPN & Quản lý thiết bị để cài. Máy sẽ hỏi mật khẩu ứng dụng.", en: "Scan this with the device's camera, download the profile, then install it under Settings › General › VPN & Device Management. The device asks for the app password." },
  appleLink: { vi: "Tải hồ sơ trên máy này", en: "Download the profile on this device" },
  appleCode: { vi: "Mã QR của hồ sơ cấu hình cho {address}", en: "QR code of the configuration profile of {address}" },
  thunderbird: { vi: "Thunderbird (máy tính, Android)", en: "Thunderbird (computers, Android)" },
  thunderbirdText: { vi: "Chọn Thêm tài khoản thư, nhập tên của bạn và {address}. Thunderbird tự tìm máy chủ; nhập mật khẩu ứng dụng khi được hỏi.", en: "Choose to add a mail account and give your name and {address}. Thunderbird finds the servers by itself; enter the app password when asked." },
  outlook: { vi: "Outlook", en: "Outlook" },
  outlookText: { vi: "Chọn Tệp › Thêm tài khoản, nhập {address} rồi chọn Kết nối. Nếu Outlook hỏi loại tài khoản, chọn IMAP và dùng các thông số bên dưới.", en: "Choose File › Add Account, give {address} and choose Connect. Where Outlook asks for the kind of account, choose IMAP and use the settings below." },
  other: { vi: "Ứng dụng khác", en: "Other clients" },
  otherText: { vi: "Loại tài khoản IMAP, tên đăng nhập {address}, mật khẩu là mật khẩu ứng dụng:", en: "An IMAP account, user name {address}, the password is the app password:" },
  serverCaption: { vi: "Thông số máy chủ", en: "Server settings" },
  kind: { vi: "Dùng để", en: "For" },
  server: { vi: "Máy chủ", en: "Server" },
  port: { vi: "Cổng", en: "Port" },
  security: { vi: "Bảo mật", en: "Security" },
  incoming: { vi: "nhận thư (IMAP)", en: "incoming mail (IMAP)" },
  outgoing: { vi: "gửi thư (SMTP)", en: "outgoing mail (SMTP)" },
  help: { vi: "Trang hướng dẫn", en: "Help page" },
  helpText: { vi: "Quét mã này để mở trang hướng dẫn trên điện thoại.", en: "Scan this to open the help page on a phone." },
  helpCode: { vi: "Mã QR của trang hướng dẫn", en: "QR code of the help page" },
} as const satisfies Catalogue

export const forwardingText = {
  title: { vi: "Chuyển tiếp thư", en: "Forwarding" },
  intro: { vi: "Thư đến hộp thư có thể được tự động chuyển tiếp. Thư chuyển tiếp không đi được thì ở lại hộp thư này.", en: "Mail to a mailbox can be passed on by itself. What cannot go on stays in the mailbox." },
  insideOnly: { vi: "Chỉ chuyển tiếp được tới hộp thư trong hệ thống.", en: "It may be passed on to mailboxes of this system only." },
  domains: { vi: "Ngoài hệ thống, chỉ chuyển tiếp được tới: {domains}.", en: "Outside this system it may be passed on to: {domains}." },
  nowhere: { vi: "Tỉnh không cho phép tự động chuyển tiếp thư.", en: "The province does not let mail be passed on automatically." },
  none: { vi: "Chưa chuyển tiếp", en: "Not passed on" },
  to: { vi: "Chuyển tiếp tới", en: "Pass mail on to" },
  toHelp: { vi: "Một địa chỉ thư, không phải nhóm.", en: "One address, not a group." },
  keep: { vi: "Giữ một bản trong hộp thư này", en: "Keep a copy in this mailbox" },
  save: { vi: "Lưu", en: "Save" },
  end: { vi: "Thôi chuyển tiếp", en: "Stop passing on" },
  endQuestion: { vi: "Thôi chuyển tiếp thư của {address} tới {target}?", en: "Stop passing mail of {address} on to {target}?" },
  now: { vi: "Đang chuyển tiếp tới {target}.", en: "Passed on to {target}." },
  since: { vi: "Đặt lúc", en: "Set on" },
  withCopy: { vi: "Có giữ bản sao.", en: "A copy is kept." },
  withoutCopy: { vi: "Không giữ bản sao.", en: "No copy is kept." },
  notInForce: { vi: "Không có hiệu lực: người đã đặt không còn quản lý hộp thư này.", en: "Not in force: whoever set it no longer looks after this mailbox." },
  saved: { vi: "Từ thư tiếp theo, thư của {address} được chuyển tiếp tới {target}.", en: "From the next message on, mail of {address} is passed on to {target}." },
  ended: { vi: "Đã thôi chuyển tiếp thư của {address}.", en: "Mail of {address} is no longer passed on." },
  noneToDecide: { vi: "Bạn không có hộp thư nào để đặt chuyển tiếp.", en: "You have no mailbox whose mail you may have passed on." },
} as const satisfies Catalogue

export const forwardingProblemText = {
  form: { vi: "Đây không phải địa chỉ thư.", en: "This is no address." },
  self: { vi: "Không chuyển tiếp về chính hộp thư này.", en: "A mailbox cannot pass mail on to itself." },
  unknown: { vi: "Không có địa chỉ này trong hệ thống.", en: "There is no such address here." },
  suspended: { vi: "Hộp thư đó đang tạm khóa.", en: "That mailbox is suspended." },
  group: { vi: "Không chuyển tiếp tới nhóm.", en: "Mail is not passed on to groups." },
  inside: { vi: "Không được chuyển tiếp tới hộp thư khác trong hệ thống.", en: "Mail may not be passed on to other mailboxes here." },
  outside: { vi: "Tên miền này không nằm trong danh sách được phép nhận thư công vụ chuyển tiếp.", en: "This domain is not among those that official mail may be passed on to." },
  loop: { vi: "Địa chỉ đó lại chuyển tiếp về hộp thư này, hoặc qua quá nhiều hộp thư.", en: "That address passes mail on to this mailbox again, or by way of too many others." },
} as const satisfies Record<ForwardingProblem, Words>

export const accessText = {
  title: { vi: "Ai đã vào hộp thư", en: "Who came into my mailbox" },
  intro: { vi: "Mọi lần người khác chủ hộp thư đăng nhập, mở hay thay đổi thư mục của hộp thư đều được ghi lại và không xóa được.", en: "Each time somebody else than its owner signs in to a mailbox, or opens or changes its folders, is on record and cannot be removed." },
  account: { vi: "Hộp thư", en: "Mailbox" },
  show: { vi: "Xem", en: "Show" },
  caption: { vi: "Người khác vào {address}, mới nhất trước", en: "Others in {address}, newest first" },
  nobody: { vi: "Chưa ai khác vào hộp thư này.", en: "Nobody else has come into this mailbox." },
  time: { vi: "Lúc", en: "When" },
  who: { vi: "Ai", en: "Who" },
  what: { vi: "Đã làm gì", en: "What" },
  from: { vi: "Từ địa chỉ", en: "From address" },
  unknown: { vi: "không rõ", en: "unknown" },
  signedIn: { vi: "Đăng nhập bằng {service}", en: "Signed in by {service}" },
  signedInAgain: { vi: "Đăng nhập thêm {times} lần bằng {service}", en: "Signed in {times} more times by {service}" },
  opened: { vi: "Mở thư mục {mailbox}", en: "Opened the folder {mailbox}" },
  written: { vi: "Đưa thư vào thư mục {mailbox}", en: "Put messages into the folder {mailbox}" },
  created: { vi: "Tạo thư mục {mailbox}", en: "Made the folder {mailbox}" },
  renamed: { vi: "Đổi tên thư mục {mailbox}", en: "Renamed the folder {mailbox}" },
  deleted: { vi: "Xóa thư mục {mailbox}", en: "Deleted the folder {mailbox}" },
  other: { vi: "Thao tác khác ({kind})", en: "Something else ({kind})" },
  older: { vi: "Cũ hơn", en: "Older" },
} as const satisfies Catalogue

/** How somebody came in, by the name in the audit. */
export const serviceText = {
  imap: { vi: "ứng dụng thư (IMAP)", en: "a mail client (IMAP)" },
  smtp: { vi: "gửi thư (SMTP)", en: "sending mail (SMTP)" },
  console: { vi: "trang web này", en: "this site" },
  api: { vi: "chương trình (API)", en: "a program (API)" },
} as const satisfies Catalogue
