import { createHash } from "node:crypto"
import { canonicalJson } from "../../../base/canonical-json.ts"
import type { Right } from "../../directory.ts"
import { rightText } from "../../right-words.ts"
import type { Words } from "../problems.ts"

/**
 * What a guided action does, step by step: shown as sentences before it is done, done in this order in one transaction, taken back in the opposite one. Pure.
 */
export type ActionStep =
  | { readonly step: "movePerson"; readonly principalId: string; readonly name: string; readonly from: string; readonly to: string }
  | { readonly step: "setTitle"; readonly principalId: string; readonly from: string; readonly to: string }
  | { readonly step: "moveAccount"; readonly address: string; readonly from: string; readonly to: string }
  | { readonly step: "renameAccount"; readonly address: string; readonly to: string; readonly until: string }
  | { readonly step: "leaveGroup" | "joinGroup"; readonly group: string; readonly address: string }
  | { readonly step: "suspendPerson"; readonly principalId: string; readonly name: string }
  | { readonly step: "suspendAccount" | "archiveAccount"; readonly address: string; readonly archiveOn: string }
  | { readonly step: "endAssignment"; readonly address: string; readonly principalId: string; readonly rights: readonly Right[]; readonly from: string | null; readonly until: string | null }
  | { readonly step: "giveOwner"; readonly address: string; readonly principalId: string; readonly name: string }
  | { readonly step: "nameAccount"; readonly address: string; readonly from: string; readonly to: string }
  | { readonly step: "newPassword"; readonly address: string }

/** What was agreed to: the steps as they were shown. Somebody who changes the directory meanwhile changes them, or nothing that matters. */
export const stepsTag = (steps: readonly ActionStep[]): string => createHash("sha256").update(canonicalJson(steps)).digest("base64url").slice(0, 22)

/** Old passwords cannot be brought back. */
export const canBeUndone = (steps: readonly ActionStep[]): boolean => steps.every(({ step }) => step !== "newPassword")

export const stepWords: Readonly<Record<ActionStep["step"], Words>> = {
  movePerson: { vi: "Chuyển {name} ({principalId}) từ đơn vị {from} sang {to}", en: "Move {name} ({principalId}) from unit {from} to {to}" },
  setTitle: { vi: "Đổi chức vụ từ “{from}” thành “{to}”", en: 'Change the title from "{from}" to "{to}"' },
  moveAccount: { vi: "Chuyển hộp thư {address} từ đơn vị {from} sang {to}", en: "Move the account {address} from unit {from} to {to}" },
  renameAccount: { vi: "Đổi địa chỉ {address} thành {to}; địa chỉ cũ vẫn nhận thư đến hết ngày trước {until}", en: "Change the address {address} to {to}; the old one is delivered until the day before {until}" },
  leaveGroup: { vi: "Đưa {address} ra khỏi nhóm {group}", en: "Take {address} out of the group {group}" },
  joinGroup: { vi: "Đưa {address} vào nhóm {group}", en: "Put {address} into the group {group}" },
  suspendPerson: { vi: "Khóa {name} ({principalId}): không đăng nhập, không ký được nữa", en: "Suspend {name} ({principalId}): no sign-in and no signature any more" },
  suspendAccount: { vi: "Khóa hộp thư {address}; thư được giữ niêm phong, đến {archiveOn} thì đưa vào lưu trữ", en: "Suspend the account {address}; its mail is kept sealed, and archived on {archiveOn}" },
  archiveAccount: { vi: "Hộp thư {address} đã khóa từ trước; đến {archiveOn} thì đưa vào lưu trữ", en: "The account {address} is suspended already; it is archived on {archiveOn}" },
  endAssignment: { vi: "Kết thúc quyền “{rights}” của {principalId} trên hộp thư {address}", en: 'End the rights "{rights}" of {principalId} on the account {address}' },
  giveOwner: { vi: "Giao hộp thư {address} cho {name} ({principalId})", en: "Give the account {address} to {name} ({principalId})" },
  nameAccount: { vi: "Đổi tên hiển thị của {address} từ “{from}” thành “{to}”", en: 'Change the display name of {address} from "{from}" to "{to}"' },
  newPassword: { vi: "Hủy mật khẩu, mật khẩu ứng dụng và phiên đăng nhập cũ của {address}; tạo mật khẩu dùng một lần cho chủ mới", en: "Revoke the old password, app passwords and sessions of {address}; make a one-time password for the new holder" },
}

export function stepText(step: ActionStep, language: keyof Words): string {
  const values: Readonly<Record<string, unknown>> = { ...step, ...("rights" in step && { rights: step.rights.map((right) => rightText[right][language]).join(", ") }) }
  return stepWords[step.step][language].replace(/\{(\w+)\}/g, (_whole, name: string) => String(values[name] ?? ""))
}
