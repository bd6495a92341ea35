/**
 * What can be wrong with a change to the directory, said of one field, in both languages. `{name}` stands for a value. The catalogue is checked for
 * completeness by tests/accounts/provision/problems.test.ts. Must not know: pages.
 */
export interface Words {
  readonly vi: string
  readonly en: string
}

export const problemWords = {
  empty: { vi: "Chưa nhập", en: "is empty" },
  tooLong: { vi: "Dài quá {max} ký tự", en: "is longer than {max} characters" },
  control: { vi: "Có ký tự điều khiển không dùng được", en: "has a control character" },
  identifier: { vi: "Chỉ được có chữ cái, chữ số, dấu chấm, gạch ngang và gạch dưới", en: 'may only have letters, digits, ".", "-" and "_"' },
  notOneOf: { vi: "“{value}” không phải một trong: {choices}", en: '"{value}" is not one of: {choices}' },
  notAddress: { vi: "“{value}” không phải địa chỉ thư", en: '"{value}" is not an address' },
  notDomain: { vi: "“{value}” không phải tên miền", en: '"{value}" is not a domain' },
  notSize: { vi: "“{value}” không phải dung lượng, ví dụ 500MiB hoặc 2GiB", en: '"{value}" is not a size such as "500MiB" or "2GiB"' },
  tooLarge: { vi: "Vượt quá mức tối đa {max}", en: "is above the largest possible, {max}" },
  notDate: { vi: "“{value}” không phải ngày, ví dụ 31/01/2026", en: '"{value}" is not a date such as 2026-01-31' },
  untilBeforeFrom: { vi: "Ngày kết thúc trước ngày bắt đầu", en: "ends before it begins" },
  notPhone: { vi: "Số điện thoại chỉ được có chữ số, khoảng trắng và + ( ) . -", en: "may only have digits, spaces and + ( ) . -" },
  noUnit: { vi: "Không có đơn vị “{value}”", en: 'there is no unit "{value}"' },
  unitSuspended: { vi: "Đơn vị “{value}” đã ngừng hoạt động", en: 'the unit "{value}" is suspended' },
  unitAboveItself: { vi: "Đơn vị không thể trực thuộc chính nó hoặc đơn vị cấp dưới của nó", en: "a unit cannot be below itself" },
  unitNotEmpty: { vi: "Đơn vị còn {count} đơn vị, người hoặc hộp thư đang hoạt động", en: "the unit still has {count} active units, people or accounts" },
  noPerson: { vi: "Không có người, tổ chức “{value}”", en: 'there is no person or organization "{value}"' },
  noAccount: { vi: "Không có hộp thư {value}", en: "there is no account {value}" },
  noGroup: { vi: "Không có nhóm {value}", en: "there is no group {value}" },
  noSuchMember: { vi: "Không có hộp thư, bí danh hay nhóm {value}", en: "there is no account, alias or group {value}" },
  taken: { vi: "“{value}” đã được dùng", en: '"{value}" is taken' },
  addressTaken: { vi: "Địa chỉ {value} đã là {use}", en: "the address {value} is already {use}" },
  reserved: { vi: "Tên {value} dành riêng cho hệ thống", en: "the name {value} is reserved for the system" },
  foreignDomain: { vi: "Tên miền {value} không thuộc đơn vị nào do bạn quản lý", en: "the domain {value} belongs to no unit that you administer" },
  outsideScope: { vi: "Ngoài các đơn vị do bạn quản lý", en: "is outside the units that you administer" },
  aboveYou: { vi: "Hộp thư này giữ vai trò quản trị cao hơn bạn", en: "this account holds an administrator's role above yours" },
  noRight: { vi: "Chưa chọn quyền", en: "gives no right" },
  ownerExists: { vi: "Hộp thư đã có chủ là {value}; hãy dùng chức năng bàn giao", en: "{value} owns this account; hand it over instead" },
  groupInItself: { vi: "Nhóm không thể chứa chính nó, kể cả qua {value}", en: "the group contains itself through {value}" },
  tooMany: { vi: "Nhiều hơn {max}", en: "has more than {max}" },
  ruleLong: { vi: "Quy tắc dài quá 100 ký tự", en: "the rule is longer than 100 characters" },
  ruleNoDomain: { vi: "Quy tắc phải kết thúc bằng @{domain}", en: "the rule must end in @{domain}" },
  ruleUnknownPlaceholder: { vi: "Chỉ dùng được: {choices}", en: "only these may be used: {choices}" },
  ruleBadLetters: { vi: "Ngoài các mục trong ngoặc chỉ dùng chữ thường, chữ số, dấu chấm, gạch ngang, gạch dưới", en: "beside what is in braces only small letters, digits, dots, hyphens and underscores may be used" },
  ruleNobody: { vi: "Quy tắc phải có {ten} hoặc {hoten}", en: "the rule must have {ten} or {hoten}" },
  addressNoLetters: { vi: "Tên không có chữ cái để tạo địa chỉ; hãy tự nhập địa chỉ", en: "the name has no letters to make an address of; give the address" },
  addressReserved: { vi: "Địa chỉ theo quy tắc trùng với tên dành riêng; hãy tự nhập địa chỉ", en: "the rule makes an address that is reserved; give the address" },
  addressTooLong: { vi: "Địa chỉ theo quy tắc quá dài; hãy tự nhập địa chỉ", en: "the rule makes an address that is too long; give the address" },
  addressAllTaken: { vi: "Không còn địa chỉ trống theo quy tắc; hãy tự nhập địa chỉ", en: "the rule finds no free address; give the address" },
  stale: { vi: "Nội dung này đã được người khác thay đổi sau khi bạn mở; hãy xem lại rồi thử lại", en: "somebody has changed this since you looked; look again" },
  alreadySo: { vi: "Đã ở trạng thái này", en: "is so already" },
  archived: { vi: "Hộp thư đã được lưu trữ", en: "the account is archived" },
  personSuspended: { vi: "“{value}” đã bị khóa", en: '"{value}" is suspended' },
  cannotBeUndone: { vi: "Không thể hoàn tác: mật khẩu cũ đã bị hủy", en: "cannot be undone: the old passwords were revoked" },
  unitAmbiguous: { vi: "Có {count} đơn vị tên “{value}”; hãy ghi mã đơn vị", en: '{count} units are called "{value}"; give the unit code' },
  duplicateRow: { vi: "Trùng với dòng {line}", en: "is the same as row {line}" },
  needsIdOrAddress: { vi: "Cần mã hoặc địa chỉ thư để biết sửa hay khóa ai", en: "an id or an address must say whom to change or suspend" },
  nothingToChange: { vi: "Không có gì để thay đổi", en: "there is nothing to change" },
  unknownColumn: { vi: "Không hiểu cột “{value}”", en: 'the column "{value}" is not known' },
  missingColumn: { vi: "Thiếu cột “{value}”", en: 'the column "{value}" is missing' },
  columnTwice: { vi: "Cột “{value}” có hai lần", en: 'the column "{value}" is there twice' },
  internal: { vi: "Hệ thống gặp lỗi khi thực hiện dòng này; không có gì thay đổi", en: "the system failed at this row; nothing was changed" },
  hasGone: { vi: "Không còn tồn tại", en: "is not there any more" },
} as const satisfies Readonly<Record<string, Words>>

export type ProblemKey = keyof typeof problemWords

export interface FieldProblem {
  /** As the change calls it: `unitCode`, `members`; empty: the change as a whole. */
  readonly field: string
  readonly problem: ProblemKey
  readonly values?: Readonly<Record<string, string | number>>
}

export const fieldWords: Readonly<Record<string, Words>> = {
  code: { vi: "Mã đơn vị", en: "Unit code" },
  name: { vi: "Họ và tên", en: "Name" },
  kind: { vi: "Loại", en: "Kind" },
  parentCode: { vi: "Đơn vị cấp trên", en: "Parent unit" },
  domain: { vi: "Tên miền", en: "Domain" },
  addressRule: { vi: "Quy tắc địa chỉ", en: "Address rule" },
  principalId: { vi: "Mã người, tổ chức", en: "Person's id" },
  unitCode: { vi: "Đơn vị", en: "Unit" },
  title: { vi: "Chức vụ", en: "Title" },
  phone: { vi: "Điện thoại", en: "Phone" },
  address: { vi: "Địa chỉ thư", en: "Address" },
  displayName: { vi: "Tên hiển thị", en: "Display name" },
  quotaBytes: { vi: "Hạn mức", en: "Quota" },
  rights: { vi: "Quyền", en: "Rights" },
  from: { vi: "Từ ngày", en: "From" },
  until: { vi: "Đến ngày", en: "Until" },
  target: { vi: "Hộp thư nhận", en: "Delivers to" },
  expiresOn: { vi: "Hết hạn", en: "Expires on" },
  allowedSenders: { vi: "Người được gửi", en: "Who may send" },
  moderators: { vi: "Người duyệt", en: "Moderators" },
  members: { vi: "Thành viên", en: "Members" },
  ownerId: { vi: "Chủ hộp thư", en: "Owner" },
  quota: { vi: "Hạn mức", en: "Quota" },
  action: { vi: "Thao tác", en: "Action" },
  to: { vi: "Người nhận bàn giao", en: "New holder" },
}

/** What an address is already, for `addressTaken`. */
export const useWords: Readonly<Record<"account" | "alias" | "group", Words>> = {
  account: { vi: "một hộp thư", en: "an account" },
  alias: { vi: "một bí danh", en: "an alias" },
  group: { vi: "một nhóm", en: "a group" },
}

/** What to do about a bad cell of a file. */
const advice: Readonly<Partial<Record<ProblemKey, Words>>> = {
  empty: { vi: "Điền ô này rồi tải lại tệp", en: "fill this cell and upload the file again" },
  noUnit: { vi: "Ghi mã đơn vị như trong cây đơn vị", en: "give the unit's code as the unit tree shows it" },
  outsideScope: { vi: "Bỏ dòng này, hoặc nhờ quản trị viên cấp tỉnh", en: "leave this row out, or ask the province's administrator" },
  addressTaken: { vi: "Chọn địa chỉ khác, hoặc để trống để hệ thống tự tạo", en: "choose another address, or leave it empty to have one made" },
  duplicateRow: { vi: "Xóa một trong hai dòng", en: "delete one of the two rows" },
  alreadySo: { vi: "Không cần làm gì; xóa dòng này nếu muốn", en: "nothing needs to be done; delete this row if you like" },
  internal: { vi: "Thử lại dòng này sau", en: "try this row again later" },
}
const usualAdvice: Words = { vi: "Sửa ô này rồi tải lại tệp", en: "correct this cell and upload the file again" }

export const adviceText = (problem: ProblemKey, language: keyof Words): string => (advice[problem] ?? usualAdvice)[language]

export const filled = (text: string, values: FieldProblem["values"] = {}): string => text.replace(/\{(\w+)\}/g, (whole, name: string) => (values[name] === undefined ? whole : String(values[name])))

/** `Đơn vị: Không có đơn vị “X”`. */
export function problemText({ field, problem, values }: FieldProblem, language: keyof Words): string {
  const words: Words = problemWords[problem]
  const use = values?.["use"]
  const spoken = use === "account" || use === "alias" || use === "group" ? { ...values, use: useWords[use][language] } : values
  const name = fieldWords[field]?.[language]
  return `${name === undefined ? "" : `${name}: `}${filled(words[language], spoken)}`
}
