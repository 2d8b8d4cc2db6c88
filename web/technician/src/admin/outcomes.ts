import type { EndReason, SessionResult } from "@kit/api/model";

/** How sessions end, the wanted ways first. */
export const OUTCOMES: readonly EndReason[] = ["technician", "customer", "refused", "blocked", "code_expired", "lost", "service"];

/** What technicians write down of a session, the wanted one first. */
export const RESULTS: readonly SessionResult[] = ["solved", "not_solved", "follow_up", "passed_on"];
