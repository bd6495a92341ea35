/**
 * How urgent a notification is: the degrees of urgency of official documents (Nghị định 30/2020/NĐ-CP, phụ lục I), and what mail clients are told of them.
 * Pure. `rank` orders the queue; `X-Priority` is what clients show, `Importance` is RFC 2156 §5.3.4.
 */
export const priorities = [
  { name: "flash", vi: "Hỏa tốc", rank: 0, xPriority: "1 (Highest)", importance: "high" },
  { name: "immediate", vi: "Thượng khẩn", rank: 1, xPriority: "1 (Highest)", importance: "high" },
  { name: "urgent", vi: "Khẩn", rank: 2, xPriority: "2 (High)", importance: "high" },
  { name: "normal", vi: "Thường", rank: 3, xPriority: "3 (Normal)", importance: "normal" },
] as const

export type Priority = (typeof priorities)[number]
export type PriorityName = Priority["name"]

export const priorityNames = ["flash", "immediate", "urgent", "normal"] as const satisfies readonly PriorityName[]

export const normalPriority: Priority = priorities[3]

export const priorityOf = (rank: number): Priority => priorities.find((one) => one.rank === rank) ?? normalPriority

/** By its English name, or as it stands on a document: with or without marks, whatever the case. */
export function priorityNamed(text: string): Priority | undefined {
  const asked = plain(text)
  return priorities.find(({ name, vi }) => asked === name || asked === plain(vi))
}

const plain = (text: string): string => text.trim().toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d").replace(/[\s_-]+/g, " ")
