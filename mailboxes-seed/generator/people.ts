import { asciiName, personName } from "./names.ts"
import type { Random } from "./random.ts"
import type { Unit } from "./units.ts"

/** Who works where: individuals of every unit, and the address of those who have a mailbox of their own. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly unit: Unit
  readonly phone: string
  readonly rank: "leader" | "deputy" | "clerk" | "staff"
  /** Null for those who only share their office's mailbox, as most do in a commune. */
  readonly address: string | null
}

const headcount = { province: 116, department: 95, district: 90, town: 90, company: 60, commune: 14, division: 0 } as const satisfies Record<Unit["kind"], number>

/** In communes the chairman has a mailbox, and in the first so many the deputy too: 3,000 accounts in all. */
const communesWithTwoMailboxes = 36

interface Post {
  readonly unit: Unit
  readonly title: string
  readonly rank: Person["rank"]
}

const heads: Readonly<Record<Unit["kind"], readonly [leader: string, deputy: string]>> = {
  province: ["Chủ tịch Ủy ban nhân dân tỉnh", "Phó Chủ tịch Ủy ban nhân dân tỉnh"],
  department: ["Giám đốc Sở", "Phó Giám đốc Sở"],
  district: ["Chủ tịch Ủy ban nhân dân huyện", "Phó Chủ tịch Ủy ban nhân dân huyện"],
  town: ["Chủ tịch Ủy ban nhân dân", "Phó Chủ tịch Ủy ban nhân dân"],
  company: ["Giám đốc", "Phó Giám đốc"],
  commune: ["Chủ tịch Ủy ban nhân dân", "Phó Chủ tịch Ủy ban nhân dân"],
  division: ["Trưởng phòng", "Phó Trưởng phòng"],
}

const communeTitles = [
  "Công chức Văn phòng - Thống kê", "Công chức Tư pháp - Hộ tịch", "Công chức Địa chính - Xây dựng", "Công chức Tài chính - Kế toán", "Công chức Văn hóa - Xã hội", "Trưởng Công an",
  "Chỉ huy trưởng Ban Chỉ huy Quân sự", "Chủ tịch Hội Nông dân", "Chủ tịch Hội Liên hiệp Phụ nữ", "Bí thư Đoàn Thanh niên", "Cán bộ Thủ quỹ", "Cán bộ Một cửa",
] as const

/** Posts of one unit and its divisions, leaders first. */
function postsOf(unit: Unit, divisions: readonly Unit[]): readonly Post[] {
  const [leader, deputy] = heads[unit.kind]
  const posts: Post[] = [{ unit, title: leader, rank: "leader" }]
  if (unit.kind === "commune") {
    posts.push({ unit, title: deputy, rank: "deputy" })
    for (const [index, title] of communeTitles.entries()) posts.push({ unit, title, rank: index === 0 ? "clerk" : "staff" })
    return posts
  }
  for (let n = 0; n < 3; n++) posts.push({ unit, title: deputy, rank: "deputy" })
  for (let n = 0; posts.length < headcount[unit.kind]; n++) {
    const division = divisions[n % divisions.length]
    if (division === undefined) break
    posts.push({ unit: division, ...divisionPost(Math.floor(n / divisions.length)) })
  }
  return posts
}

const divisionPost = (place: number): Pick<Post, "title" | "rank"> => {
  if (place === 0) return { title: heads.division[0], rank: "leader" }
  if (place === 1) return { title: heads.division[1], rank: "deputy" }
  if (place === 2) return { title: "Văn thư", rank: "clerk" }
  return { title: place % 4 === 3 ? "Chuyên viên chính" : "Chuyên viên", rank: "staff" }
}

export function generatePeople(random: Random, units: readonly Unit[], reserved: ReadonlySet<string>): readonly Person[] {
  const taken = new Set(reserved)
  const people: Person[] = []
  let communes = 0
  for (const unit of units) {
    if (unit.kind === "division") continue
    if (unit.kind === "commune") communes++
    const divisions = units.filter(({ kind, parentCode }) => kind === "division" && parentCode === unit.code)
    for (const post of postsOf(unit, divisions)) {
      const name = personName(random)
      const hasMailbox = unit.kind !== "commune" || post.rank === "leader" || (post.rank === "deputy" && communes <= communesWithTwoMailboxes)
      people.push({ ...post, name, id: `CN${String(people.length + 1).padStart(5, "0")}`, phone: phone(random), address: hasMailbox ? personAddress(name, post.unit, taken) : null })
    }
  }
  return people
}

/** No network gives out numbers that begin with 0000. */
const phone = (random: Random): string => `0000 ${String(random.below(1000)).padStart(3, "0")} ${String(random.below(1000)).padStart(3, "0")}`

/** `nguyenvanan.vp@sonv.tinh.example`; the second of that name is `nguyenvanan2.vp@…`. */
function personAddress(name: string, unit: Unit, taken: Set<string>): string {
  for (let n = 1; ; n++) {
    const address = `${asciiName(name)}${n === 1 ? "" : n}.${unit.slug}@${unit.domain}`
    if (taken.has(address)) continue
    taken.add(address)
    return address
  }
}
