/** Whether what an account sends to the outside is still its holder's work, or a stolen password's. Pure: figures in, word out. */
import type { Reasons } from "./verdict.ts"

/** An account's mail to foreign addresses, the message in question included. */
export interface OutboundVolume {
  /** Within the last hour. */
  readonly recipients: number
  /** Of these, with whom it had never exchanged mail. */
  readonly strangers: number
  /** Recipients in an hour in which it sends, over the last two weeks; null: too little is known. */
  readonly usual: number | null
}

export interface OutboundLimits {
  readonly recipientsPerHour: number
  /** 0: any number. */
  readonly strangersPerHour: number
  /** More than so many times the usual is sudden … */
  readonly suddenFactor: number
  /** … where it is more than this, too. 0: never. */
  readonly suddenAbove: number
}

/** Undefined: it may go. */
export function outboundPolicy({ recipients, strangers, usual }: OutboundVolume, limits: OutboundLimits): Reasons | undefined {
  if (limits.strangersPerHour > 0 && strangers > limits.strangersPerHour) {
    return {
      reasonVi: `Hộp thư đã gửi cho ${strangers} địa chỉ chưa từng liên hệ trong một giờ (giới hạn ${limits.strangersPerHour}); có thể mật khẩu đã bị lộ`,
      reasonEn: `The account has written to ${strangers} strangers within an hour (limit ${limits.strangersPerHour}); its password may be stolen`,
    }
  }
  if (recipients > limits.recipientsPerHour) {
    return {
      reasonVi: `Hộp thư đã gửi cho ${recipients} người nhận bên ngoài trong một giờ (giới hạn ${limits.recipientsPerHour}); có thể mật khẩu đã bị lộ`,
      reasonEn: `The account has written to ${recipients} recipients outside within an hour (limit ${limits.recipientsPerHour}); its password may be stolen`,
    }
  }
  if (limits.suddenAbove > 0 && usual !== null && recipients > limits.suddenAbove && recipients > usual * limits.suddenFactor) {
    return {
      reasonVi: `Hộp thư đã gửi cho ${recipients} người nhận bên ngoài trong một giờ, thường chỉ khoảng ${Math.round(usual)}; có thể mật khẩu đã bị lộ`,
      reasonEn: `The account has written to ${recipients} recipients outside within an hour, where ${Math.round(usual)} are usual; its password may be stolen`,
    }
  }
  return undefined
}
