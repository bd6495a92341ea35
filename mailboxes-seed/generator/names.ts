import type { Random } from "./random.ts"

/** Invented people: family, middle and given names put together by chance, family names about as frequent as they are. */
const familyNames = [
  "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Trần", "Lê", "Lê", "Lê", "Phạm", "Phạm", "Hoàng", "Huỳnh", "Phan", "Phan",
  "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Đinh", "Đoàn", "Trịnh", "Lương", "Mai", "Tô", "Cao", "Hà", "Lò", "Nông", "Quàng", "Giàng",
  "Tạ", "Thái", "Từ", "Vương", "Lưu", "Châu", "Triệu", "Kiều", "Quách", "Tăng", "Mạc",
] as const

const men = {
  middle: ["Văn", "Văn", "Văn", "Hữu", "Đức", "Minh", "Quang", "Thanh", "Ngọc", "Xuân", "Đình", "Công", "Trọng", "Quốc", "Anh", "Việt", "Thế", "Bá", "Hoàng", "Tuấn"],
  given: [
    "An", "Bảo", "Bình", "Cường", "Chiến", "Chính", "Dũng", "Duy", "Dương", "Đạt", "Đức", "Giang", "Hải", "Hào", "Hậu", "Hiếu", "Hòa", "Hoàng", "Hùng", "Huy", "Hưng",
    "Kiên", "Khánh", "Khoa", "Lâm", "Long", "Lợi", "Lực", "Mạnh", "Minh", "Nam", "Nghĩa", "Nhân", "Phong", "Phú", "Phúc", "Phước", "Quân", "Quý", "Quyết", "Sơn", "Sỹ",
    "Tài", "Tâm", "Tân", "Thắng", "Thành", "Thịnh", "Thọ", "Thuận", "Tiến", "Toàn", "Trí", "Trung", "Trường", "Tú", "Tuấn", "Tùng", "Việt", "Vinh", "Vũ", "Ý",
  ],
} as const

const women = {
  middle: ["Thị", "Thị", "Thị", "Thị", "Ngọc", "Thu", "Thanh", "Minh", "Hồng", "Kim", "Bích", "Mỹ", "Phương", "Quỳnh", "Diệu", "Thùy", "Thúy", "Xuân", "Ánh", "Tuyết"],
  given: [
    "An", "Anh", "Ánh", "Bình", "Châu", "Chi", "Cúc", "Diễm", "Diệp", "Dung", "Duyên", "Đào", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hòa", "Hồng", "Huệ", "Hương",
    "Huyền", "Khanh", "Lan", "Liên", "Linh", "Loan", "Ly", "Mai", "Mẫn", "My", "Mỹ", "Nga", "Ngân", "Ngọc", "Nguyệt", "Nhung", "Như", "Oanh", "Phượng", "Phương", "Quyên",
    "Quỳnh", "Sen", "Tâm", "Thảo", "Thắm", "Thoa", "Thơm", "Thu", "Thủy", "Thúy", "Thư", "Trà", "Trang", "Trâm", "Trinh", "Tuyết", "Uyên", "Vân", "Vy", "Xuân", "Yến",
  ],
} as const

export function personName(random: Random): string {
  const { middle, given } = random.chance(52) ? men : women
  return `${random.pick(familyNames)} ${random.pick(middle)} ${random.pick(given)}`
}

/** Place names of two syllables, each given once. */
export function createPlaceNames(random: Random): () => string {
  const first = ["Minh", "Tân", "Sơn", "Hà", "Thanh", "Phú", "Quảng", "Yên", "Đông", "Tây", "Nam", "Bắc", "Vĩnh", "Hòa", "Đức", "Trường", "Xuân", "Thạch", "Cẩm", "Khánh"] as const
  const second = ["Khê", "Lũng", "Giao", "Lạc", "Thịnh", "Phong", "Trạch", "Lộc", "Sơn", "Thủy", "Điền", "Mỹ", "Hưng", "Nghĩa", "Phương", "Quế", "Đài", "Viên", "Bảo", "Tường"] as const
  const given = new Set<string>()
  return () => {
    for (;;) {
      const [a, b] = [random.pick(first), random.pick(second)]
      const name = `${a} ${b}`
      if (a === b || given.has(name)) continue
      given.add(name)
      return name
    }
  }
}

/** ASCII letters and digits only, as addresses are written: "Đặng Thị Ánh" → "dangthianh". */
export const asciiName = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase().replace(/[^a-z0-9]/g, "")
