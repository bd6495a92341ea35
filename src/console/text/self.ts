import type { Right } from "../../accounts/directory.ts"
import type { NewPasswordProblem } from "../../accounts/new-password.ts"
import type { Catalogue, Words } from "../web/words.ts"

/** A holder's own pages. */
export const selfText = {
  area: { vi: "Của tôi", en: "My account" },
  me: { vi: "Hộp thư của tôi", en: "My mailboxes" },
  signedInAs: { vi: "Bạn đang dùng hộp thư {address}.", en: "You are signed in with the mailbox {address}." },
  accountsCaption: { vi: "Các hộp thư bạn được giao", en: "Mailboxes assigned to you" },
  noAccounts: { vi: "Bạn chưa được giao hộp thư nào.", en: "No mailbox is assigned to you." },
  address: { vi: "Địa chỉ", en: "Address" },
  name: { vi: "Tên hộp thư", en: "Name" },
  kind: { vi: "Loại", en: "Kind" },
  rights: { vi: "Quyền của bạn", en: "Your rights" },
  period: { vi: "Thời hạn", en: "Until" },
  used: { vi: "Dung lượng đã dùng", en: "Space used" },
  usedOf: { vi: "{used} / {quota}", en: "{used} of {quota}" },
  noEnd: { vi: "không thời hạn", en: "no end" },
  setUpTitle: { vi: "Cài đặt ứng dụng thư", en: "Set up a mail client" },
  setUpText: { vi: "Thunderbird và Outlook tự tìm thông số khi bạn nhập địa chỉ. Mỗi thiết bị nên có một mật khẩu ứng dụng riêng.", en: "Thunderbird and Outlook find their settings by your address. Each device is best given an app password of its own." },
  setUpLink: { vi: "Xem thông số máy chủ", en: "Show the server settings" },

  password: { vi: "Đổi mật khẩu", en: "Change password" },
  passwordFor: { vi: "Mật khẩu mới dùng cho hộp thư {address}. Mọi phiên khác trên trang này sẽ kết thúc.", en: "The new password is for the mailbox {address}. All other sessions of this site will end." },
  currentPassword: { vi: "Mật khẩu hiện tại", en: "Current password" },
  newPassword: { vi: "Mật khẩu mới", en: "New password" },
  newPasswordHelp: { vi: "Ít nhất 10 ký tự. Một câu ngắn dễ nhớ là tốt nhất; dấu tiếng Việt được tính.", en: "At least 10 characters. A short sentence that you remember is best; accents count." },
  again: { vi: "Nhập lại mật khẩu mới", en: "New password again" },
  revokeApps: { vi: "Thu hồi luôn mọi mật khẩu ứng dụng của hộp thư này (chọn khi nghi bị lộ)", en: "Also revoke all app passwords of this mailbox (do so when something may have leaked)" },
  change: { vi: "Đổi mật khẩu", en: "Change password" },
  changed: { vi: "Đã đổi mật khẩu. Các phiên khác đã kết thúc.", en: "The password is changed. Other sessions have ended." },
  wrongCurrent: { vi: "Mật khẩu hiện tại không đúng.", en: "The current password is wrong." },
  tooMany: { vi: "Đã nhập sai quá nhiều lần. Hãy đợi ít phút.", en: "Too many failed attempts. Wait a few minutes." },
  notSame: { vi: "Hai lần nhập không giống nhau.", en: "The two are not the same." },
  sameAsBefore: { vi: "Mật khẩu mới giống mật khẩu hiện tại.", en: "The new password is the current one." },

  apps: { vi: "Mật khẩu ứng dụng", en: "App passwords" },
  appsIntro: { vi: "Mỗi ứng dụng thư hay thiết bị dùng một mật khẩu riêng, chỉ mở được một hộp thư và thu hồi được bất cứ lúc nào.", en: "Each mail client or device has a password of its own: it opens one mailbox only and can be revoked at any time." },
  appsCaption: { vi: "Mật khẩu ứng dụng đang có hiệu lực", en: "App passwords in force" },
  noApps: { vi: "Chưa có mật khẩu ứng dụng nào.", en: "There are no app passwords yet." },
  device: { vi: "Thiết bị, ứng dụng", en: "Device or application" },
  deviceHelp: { vi: "Tên để bạn nhận ra, ví dụ “Điện thoại”.", en: "A name that you will recognise, such as “Phone”." },
  mailbox: { vi: "Hộp thư", en: "Mailbox" },
  made: { vi: "Tạo lúc", en: "Made" },
  lastUse: { vi: "Dùng gần nhất", en: "Last used" },
  never: { vi: "chưa dùng", en: "never" },
  fromAddress: { vi: "từ {address}", en: "from {address}" },
  revoke: { vi: "Thu hồi", en: "Revoke" },
  revokeQuestion: { vi: "Thu hồi mật khẩu ứng dụng “{label}”? Thiết bị đó sẽ không đọc và gửi thư được nữa.", en: "Revoke the app password “{label}”? That device will no longer read or send mail." },
  revoked: { vi: "Đã thu hồi mật khẩu ứng dụng.", en: "The app password is revoked." },
  notRevoked: { vi: "Mật khẩu ứng dụng đó không còn.", en: "That app password is no longer there." },
  newApp: { vi: "Tạo mật khẩu ứng dụng", en: "Make an app password" },
  create: { vi: "Tạo", en: "Make" },
  createdTitle: { vi: "Mật khẩu ứng dụng mới", en: "New app password" },
  createdText: { vi: "Chép mật khẩu này vào “{label}” ngay: nó chỉ hiện một lần. Tên đăng nhập là {address}.", en: "Put this password into “{label}” now: it is shown this once. The user name is {address}." },
  copy: { vi: "Chép", en: "Copy" },
  copied: { vi: "Đã chép", en: "Copied" },
  noLabel: { vi: "Hãy đặt tên cho thiết bị, tối đa 100 ký tự.", en: "Give the device a name, of 100 characters at most." },
  fullOfApps: { vi: "Hộp thư này đã có quá nhiều mật khẩu ứng dụng. Hãy thu hồi cái không dùng.", en: "This mailbox has too many app passwords. Revoke those that are not used." },
  nobodys: { vi: "Hộp thư này không thuộc về ai nên không tạo được mật khẩu ứng dụng.", en: "This mailbox belongs to nobody, so it can have no app passwords." },

  sessions: { vi: "Phiên đăng nhập", en: "Sign-ins" },
  sessionsCaption: { vi: "Các phiên trên trang này đang mở bằng hộp thư của bạn", en: "Sessions of this site that are open with your mailbox" },
  started: { vi: "Bắt đầu", en: "Began" },
  lastSeen: { vi: "Hoạt động gần nhất", en: "Last active" },
  from: { vi: "Từ địa chỉ", en: "From address" },
  browser: { vi: "Trình duyệt", en: "Browser" },
  thisOne: { vi: "phiên này", en: "this one" },
  end: { vi: "Kết thúc", en: "End" },
  endQuestion: { vi: "Kết thúc phiên này? Trình duyệt đó sẽ phải đăng nhập lại.", en: "End this session? That browser will have to sign in again." },
  ended: { vi: "Đã kết thúc phiên.", en: "The session has been ended." },
  notThere: { vi: "Phiên đó không còn.", en: "That session is no longer there." },
  noSessions: { vi: "Không có phiên nào.", en: "There are no sessions." },
} as const satisfies Catalogue

export const rightText = {
  owner: { vi: "chủ hộp thư", en: "owner" },
  read: { vi: "đọc", en: "read" },
  write: { vi: "sắp xếp, xóa", en: "file and delete" },
  "send-as": { vi: "gửi thay", en: "send as" },
  administer: { vi: "quản lý", en: "administer" },
  sign: { vi: "ký số", en: "sign" },
} as const satisfies Record<Right, Words>

export const accountKindText = {
  personal: { vi: "cá nhân", en: "personal" },
  organizational: { vi: "cơ quan, đơn vị", en: "office" },
} as const satisfies Catalogue

export const passwordProblemText = {
  short: { vi: "Mật khẩu cần ít nhất 10 ký tự.", en: "A password has at least 10 characters." },
  long: { vi: "Mật khẩu dài quá 72 byte.", en: "The password is longer than 72 bytes." },
  control: { vi: "Mật khẩu có ký tự điều khiển.", en: "The password has control characters in it." },
  common: { vi: "Mật khẩu này quá dễ đoán: quá nhiều người dùng mật khẩu như vậy.", en: "This password is too easy to guess: too many people use one like it." },
  own: { vi: "Mật khẩu này chỉ gồm tên hoặc địa chỉ của bạn.", en: "This password is little more than your name or address." },
} as const satisfies Record<NewPasswordProblem, Words>
