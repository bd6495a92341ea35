import { asciiName, createPlaceNames } from "./names.ts"
import type { Random } from "./random.ts"

/** The tree of the invented province: 15 departments, 8 districts and towns, 106 communes, 2 companies, and their divisions. */
export interface Unit {
  readonly code: string
  readonly name: string
  readonly kind: "province" | "department" | "district" | "town" | "commune" | "company" | "division"
  readonly parentCode: string
  readonly domain: string
  /** How its addresses name it. */
  readonly slug: string
}

export const provinceName = "Giang Khê"
export const rootDomain = "tinh.example"
const communeCount = 106

type Named = readonly [slug: string, name: string]

const departments: readonly (readonly [code: string, name: string, special: readonly Named[]])[] = [
  ["SNV", "Sở Nội vụ", [["ccvc", "Phòng Công chức, viên chức"], ["cchc", "Phòng Cải cách hành chính"], ["xdcq", "Phòng Xây dựng chính quyền"]]],
  ["STP", "Sở Tư pháp", [["htqt", "Phòng Hành chính tư pháp"], ["bttp", "Phòng Bổ trợ tư pháp"], ["pbgd", "Phòng Phổ biến, giáo dục pháp luật"]]],
  ["SKHDT", "Sở Kế hoạch và Đầu tư", [["dkkd", "Phòng Đăng ký kinh doanh"], ["tdgs", "Phòng Đấu thầu, Thẩm định và Giám sát đầu tư"], ["ktdn", "Phòng Kinh tế đối ngoại"]]],
  ["STC", "Sở Tài chính", [["qlns", "Phòng Quản lý ngân sách"], ["qlgcs", "Phòng Quản lý giá và công sản"], ["tcdn", "Phòng Tài chính doanh nghiệp"]]],
  ["SCT", "Sở Công Thương", [["qlcn", "Phòng Quản lý công nghiệp"], ["qltm", "Phòng Quản lý thương mại"], ["qlnl", "Phòng Quản lý năng lượng"]]],
  ["SNNPTNT", "Sở Nông nghiệp và Phát triển nông thôn", [["tty", "Phòng Trồng trọt và Chăn nuôi"], ["kl", "Phòng Kiểm lâm"], ["tl", "Phòng Thủy lợi"]]],
  ["SGTVT", "Sở Giao thông vận tải", [["qlvt", "Phòng Quản lý vận tải"], ["qlkc", "Phòng Quản lý kết cấu hạ tầng"], ["ptnl", "Phòng Phương tiện và Người lái"]]],
  ["SXD", "Sở Xây dựng", [["qhkt", "Phòng Quy hoạch - Kiến trúc"], ["qlhd", "Phòng Quản lý hoạt động xây dựng"], ["qln", "Phòng Quản lý nhà và Thị trường bất động sản"]]],
  ["STNMT", "Sở Tài nguyên và Môi trường", [["qldd", "Phòng Quản lý đất đai"], ["qlmt", "Phòng Quản lý môi trường"], ["nks", "Phòng Nước và Khoáng sản"]]],
  ["STTTT", "Sở Thông tin và Truyền thông", [["cds", "Phòng Chuyển đổi số"], ["bcvt", "Phòng Bưu chính - Viễn thông"], ["ttbc", "Phòng Thông tin - Báo chí - Xuất bản"]]],
  ["SLDTBXH", "Sở Lao động - Thương binh và Xã hội", [["vlld", "Phòng Việc làm - Lao động"], ["ncc", "Phòng Người có công"], ["btxh", "Phòng Bảo trợ xã hội"]]],
  ["SVHTTDL", "Sở Văn hóa, Thể thao và Du lịch", [["qlvh", "Phòng Quản lý văn hóa"], ["qltt", "Phòng Quản lý thể dục, thể thao"], ["qldl", "Phòng Quản lý du lịch"]]],
  ["SKHCN", "Sở Khoa học và Công nghệ", [["qlkh", "Phòng Quản lý khoa học"], ["tdc", "Phòng Tiêu chuẩn - Đo lường - Chất lượng"], ["qlcns", "Phòng Quản lý công nghệ và Sở hữu trí tuệ"]]],
  ["SGDDT", "Sở Giáo dục và Đào tạo", [["gdth", "Phòng Giáo dục trung học"], ["gdmn", "Phòng Giáo dục mầm non - tiểu học"], ["qlcl", "Phòng Quản lý chất lượng giáo dục"]]],
  ["SYT", "Sở Y tế", [["nvy", "Phòng Nghiệp vụ Y"], ["nvd", "Phòng Nghiệp vụ Dược"], ["dsbt", "Phòng Dân số và Bảo trợ"]]],
]

const departmentDivisions: readonly Named[] = [
  ["vp", "Văn phòng"], ["ttra", "Thanh tra"], ["khtc", "Phòng Kế hoạch - Tài chính"], ["tccb", "Phòng Tổ chức cán bộ"], ["pc", "Phòng Pháp chế"],
]

const districtDivisions: readonly Named[] = [
  ["vp", "Văn phòng Hội đồng nhân dân và Ủy ban nhân dân"], ["nv", "Phòng Nội vụ"], ["tp", "Phòng Tư pháp"], ["tckh", "Phòng Tài chính - Kế hoạch"],
  ["tnmt", "Phòng Tài nguyên và Môi trường"], ["ldtbxh", "Phòng Lao động - Thương binh và Xã hội"], ["vhtt", "Phòng Văn hóa và Thông tin"], ["gddt", "Phòng Giáo dục và Đào tạo"],
  ["yt", "Phòng Y tế"], ["ttra", "Thanh tra"], ["nnptnt", "Phòng Nông nghiệp và Phát triển nông thôn"], ["ktht", "Phòng Kinh tế và Hạ tầng"],
]

const companies: readonly (readonly [code: string, slug: string, name: string])[] = [
  ["CTCN", "capnuoc", `Công ty TNHH một thành viên Cấp nước ${provinceName}`],
  ["CTDT", "dothi", `Công ty TNHH một thành viên Công trình đô thị ${provinceName}`],
]

const companyDivisions: readonly Named[] = [
  ["tchc", "Phòng Tổ chức - Hành chính"], ["kt", "Phòng Kế toán - Tài vụ"], ["kythuat", "Phòng Kỹ thuật"], ["kd", "Phòng Kinh doanh"], ["xn1", "Xí nghiệp số 1"], ["xn2", "Xí nghiệp số 2"],
]

const provinceDivisions: readonly Named[] = [["vp", "Văn phòng Ủy ban nhân dân tỉnh"], ["tcd", "Ban Tiếp công dân tỉnh"], ["hcc", "Trung tâm Phục vụ hành chính công tỉnh"]]

const divisionsOf = (parent: Unit, divisions: readonly Named[]): Unit[] =>
  divisions.map(([slug, name]) => ({ code: `${parent.code}.${slug.toUpperCase()}`, name, kind: "division", parentCode: parent.code, domain: parent.domain, slug }))

export function generateUnits(random: Random): readonly Unit[] {
  const province: Unit = { code: "UBND", name: `Ủy ban nhân dân tỉnh ${provinceName}`, kind: "province", parentCode: "", domain: rootDomain, slug: "ubnd" }
  const placeName = createPlaceNames(random)
  const departmentUnits = departments.flatMap(([code, name, special]) => {
    const slug = `so${code.slice(1).toLowerCase()}`
    const unit: Unit = { code, name, kind: "department", parentCode: province.code, domain: `${slug}.${rootDomain}`, slug }
    return [unit, ...divisionsOf(unit, [...departmentDivisions, ...special])]
  })
  const districtUnits = Array.from({ length: 8 }, (_, index) => districtWithCommunes({ index, province, placeName }))
  const companyUnits = companies.flatMap(([code, slug, name]) => {
    const unit: Unit = { code, name, kind: "company", parentCode: province.code, domain: `${slug}.${rootDomain}`, slug }
    return [unit, ...divisionsOf(unit, companyDivisions)]
  })
  return [province, ...divisionsOf(province, provinceDivisions), ...departmentUnits, ...districtUnits.flat(), ...companyUnits]
}

/** The first two are a city and a town, which have wards (phường); in each district one commune is its township (thị trấn). */
function districtWithCommunes({ index, province, placeName }: { readonly index: number; readonly province: Unit; readonly placeName: () => string }): Unit[] {
  const prefix = index === 0 ? "Thành phố" : index === 1 ? "Thị xã" : "Huyện"
  const name = `${prefix} ${placeName()}`
  const slug = asciiName(name)
  const isTown = index < 2
  const code = `${isTown ? "T" : "H"}${String(index + 1).padStart(2, "0")}`
  const unit: Unit = { code, name: `Ủy ban nhân dân ${name}`, kind: isTown ? "town" : "district", parentCode: province.code, domain: `${slug}.${rootDomain}`, slug }
  const count = Math.floor((communeCount * (index + 1)) / 8) - Math.floor((communeCount * index) / 8)
  const communes = Array.from({ length: count }, (_, number): Unit => {
    const kind = isTown ? (number < 8 ? "Phường" : "Xã") : number === 0 ? "Thị trấn" : "Xã"
    const commune = `${kind} ${placeName()}`
    return { code: `${code}.${String(number + 1).padStart(2, "0")}`, name: `Ủy ban nhân dân ${commune}`, kind: "commune", parentCode: code, domain: unit.domain, slug: asciiName(commune) }
  })
  return [unit, ...divisionsOf(unit, districtDivisions), ...communes]
}
