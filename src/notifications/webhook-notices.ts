import { provinceDateTime } from "../accounts/province-date.ts"
import type { EventStore, StoppedWebhook } from "../store/event-store.ts"
import { keptProblemText } from "../webhooks/post-problem.ts"
import type { Notice, NoticeSender } from "./notice.ts"

/** Tells of webhooks that were stopped: whoever answers for them. It is noted once the notice was accepted; a process that dies in between writes it twice, with the same Message-ID. */
export interface WebhookNotices {
  /** Resolves with how many were accepted. */
  send(): Promise<number>
}

const limit = 50

export function createWebhookNotices({ store, notices, hostname }: { readonly store: Pick<EventStore, "owedNotices" | "noticed">; readonly notices: NoticeSender; readonly hostname: string }): WebhookNotices {
  return {
    async send() {
      let sent = 0
      for (const webhook of await store.owedNotices(limit)) {
        const reply = await notices.send(webhookNotice(webhook, hostname))
        // an address that does not exist now will not exist at the next look
        if (reply?.kind === "accepted" || (reply?.kind === "refused" && reply.code >= 500)) await store.noticed(webhook.id)
        if (reply?.kind === "accepted") sent++
      }
      return sent
    },
  }
}

const why = {
  failing: { vi: "hệ thống ở địa chỉ này không trả lời đúng trong nhiều ngày", en: "the system at this address has not answered well for days" },
  backlog: { vi: "quá nhiều sự kiện chờ báo, hệ thống nhận không theo kịp", en: "too many events wait for it, more than it keeps up with" },
} as const satisfies Record<StoppedWebhook["why"], { readonly vi: string; readonly en: string }>

function webhookNotice({ id, description, url, why: reason, stoppedAt, problem, contact }: StoppedWebhook, hostname: string): Notice {
  const at = provinceDateTime(stoppedAt)
  const text = [
    `Webhook số ${id} (${description}) đã bị dừng lúc ${at}: ${why[reason].vi}.`, "", `    Địa chỉ: ${url}`, ...(problem === "" ? [] : [`    Lỗi gần nhất: ${keptProblemText(problem, "vi")}`]), "",
    "Sự kiện đang chờ được giữ lại và sẽ báo tiếp khi webhook được bật lại; sự kiện xảy ra trong lúc dừng thì không báo. Hãy kiểm tra hệ thống nhận, gửi thử, rồi bật lại ở trang quản trị, mục Webhook. Đừng trả lời thư này.", "",
    "-- ", "",
    `Webhook ${id} (${description}) was stopped at ${at} (UTC+7): ${why[reason].en}.`, "", `    Address: ${url}`, ...(problem === "" ? [] : [`    Last problem: ${keptProblemText(problem, "en")}`]), "",
    "Events that wait are kept, and told when it goes on; what happens while it is stopped is not told. Look at the receiving system, send a test, and let it go on in the console, under Webhooks. Do not reply to this notice.", "",
  ]
  return { to: [contact], subject: `Webhook đã bị dừng: ${description} / A webhook was stopped`, messageId: `webhook.${id}.${stoppedAt}@${hostname}`, text: text.join("\r\n") }
}
