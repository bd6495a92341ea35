import { withoutDiacritics } from "../../../base/folded-name.ts"

/** The columns of a bulk file and all the names that a header may give them, in either language, with or without marks. Pure. */
export const bulkColumns = ["action", "principalId", "name", "unitCode", "title", "phone", "kind", "quota", "address", "from", "until"] as const
export type BulkColumn = (typeof bulkColumns)[number]

/** The first is what templates are headed with. */
export const columnNames: Readonly<Record<BulkColumn, { readonly vi: readonly [string, ...string[]]; readonly en: readonly [string, ...string[]] }>> = {
  action: { vi: ["Thao tác", "Hành động"], en: ["Action"] },
  principalId: { vi: ["Mã người dùng", "Mã cán bộ", "Mã"], en: ["Principal id", "Id", "Code"] },
  name: { vi: ["Họ và tên", "Họ tên", "Tên"], en: ["Name", "Full name"] },
  unitCode: { vi: ["Đơn vị", "Mã đơn vị", "Phòng ban", "Cơ quan"], en: ["Unit", "Unit code", "Department"] },
  title: { vi: ["Chức vụ", "Chức danh"], en: ["Title", "Position"] },
  phone: { vi: ["Điện thoại", "Số điện thoại", "SĐT"], en: ["Phone", "Telephone", "Mobile"] },
  kind: { vi: ["Loại", "Loại hộp thư"], en: ["Kind", "Type"] },
  quota: { vi: ["Hạn mức", "Dung lượng"], en: ["Quota"] },
  address: { vi: ["Địa chỉ thư", "Email", "Thư điện tử", "Địa chỉ"], en: ["Address", "Email address", "E-mail"] },
  from: { vi: ["Từ ngày", "Ngày bắt đầu"], en: ["From", "Start"] },
  until: { vi: ["Đến ngày", "Ngày kết thúc"], en: ["Until", "End"] },
}

const plain = (text: string): string => withoutDiacritics(text).toLowerCase().replace(/[^a-z0-9]/g, "")

const byName = new Map<string, BulkColumn>(bulkColumns.flatMap((column) => [column, ...columnNames[column].vi, ...columnNames[column].en].map((name) => [plain(name), column] as const)))

/** Undefined: no column of ours. */
export const columnOf = (heading: string): BulkColumn | undefined => byName.get(plain(heading))

export const bulkActions = ["add", "change", "suspend"] as const
export type BulkAction = (typeof bulkActions)[number]

const actionNames: Readonly<Record<string, BulkAction>> = {
  add: "add", new: "add", them: "add", themmoi: "add", moi: "add", capmoi: "add",
  change: "change", update: "change", sua: "change", capnhat: "change", thaydoi: "change",
  suspend: "suspend", disable: "suspend", khoa: "suspend", tamkhoa: "suspend", ngung: "suspend", nghi: "suspend",
}
export const actionOf = (text: string): BulkAction | undefined => actionNames[plain(text)]

const kindNames: Readonly<Record<string, "personal" | "organizational">> = {
  personal: "personal", individual: "personal", canhan: "personal", organizational: "organizational", organization: "organizational", tochuc: "organizational", donvi: "organizational", coquan: "organizational",
}
export const kindOf = (text: string): "personal" | "organizational" | undefined => kindNames[plain(text)]
