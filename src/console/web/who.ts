import type { HolderVisit } from "./page.ts"

/** Who decides, as the audit keeps it: the person's number, or the address where nobody is behind it. */
export const whoOf = ({ holder }: Pick<HolderVisit, "holder">): string => holder.principalId ?? holder.address

/** With the reason, as the queue's store takes it. */
export const steererOf = (visit: Pick<HolderVisit, "holder">, why: string): { readonly by: string; readonly why: string } => ({ by: whoOf(visit), why })
