const families = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"]
const middles = ["Văn", "Thị", "Minh", "Thanh", "Quốc", "Ngọc"]
const givens = ["An", "Bình", "Cường", "Dũng", "Hà", "Hương", "Khánh", "Lan", "Mai", "Nam", "Phúc", "Quỳnh", "Sơn", "Tuấn", "Vy"]
const units = ["SNV", "SNV.VP", "SYT", "STC"]

/** A bulk file of people who are new, with the namesakes that so many have. */
export function bulkSheet(rows: number): Buffer {
  const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % list.length]
  const lines = Array.from({ length: rows }, (_, at) => [`${pick(families, at)} ${pick(middles, Math.floor(at / 8))} ${pick(givens, Math.floor(at / 48))}`, pick(units, at), "Chuyên viên", `09${String(10_000_000 + at)}`].join(","))
  return Buffer.from(`Họ và tên,Đơn vị,Chức vụ,Điện thoại\r\n${lines.join("\r\n")}\r\n`)
}
