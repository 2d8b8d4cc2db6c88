import type { EndReason } from "@kit/api/model";

/** How sessions end, the wanted ways first. */
export const OUTCOMES: readonly EndReason[] = ["technician", "customer", "refused", "code_expired", "lost", "service"];
