import { api } from "@kit/api/client";
import { t } from "@kit/i18n/strings.svelte";
import { invitedSecret, sealKeeper } from "@kit/session/seal";
import type { ColleagueInvitation } from "@kit/types";
import { toasts } from "@kit/ui/toasts.svelte";
import { notices } from "../notices.svelte";

/** How often the service is asked. It is how colleagues see who is there, too. */
const EVERY_MS = 5_000;
/** Where nobody looks at the page, each so many times only. */
const HIDDEN_EACH = 3;

/** Sessions into which colleagues call this technician. */
class Calls {
  list = $state.raw<readonly ColleagueInvitation[]>([]);
  #known = new Set<string>();
  #watchers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #turn = 0;

  /** Asks now and then for as long as somebody listens; gives back how to stop. */
  watch(): () => void {
    void this.read();
    this.#watchers += 1;
    this.#timer ??= setInterval(() => {
      this.#turn += 1;
      const hidden = notices.standing === "on" && this.#turn % HIDDEN_EACH === 0;
      if (document.visibilityState === "visible" || hidden) void this.read();
    }, EVERY_MS);
    return () => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  async read(): Promise<void> {
    try {
      const { invitations } = await api.colleagueInvitations();
      this.list = invitations;
      const fresh = invitations.filter(({ session }) => !this.#known.has(session));
      for (const { from, session } of fresh) {
        toasts.show("info", t("calls.toast", { name: from }));
        notices.tell(`call-${session}`, t("notify.call", { name: from }), t("notify.call_text"), "#/");
      }
      const now = new Set(invitations.map(({ session }) => session));
      for (const gone of this.#known) if (!now.has(gone)) notices.forget(`call-${gone}`);
      this.#known = now;
    } catch {
      // The next time will tell.
    }
  }

  /** Takes the digits that the colleague said, and goes into the session. */
  accept({ session, purpose }: ColleagueInvitation, digits: string): void {
    sealKeeper(session, localStorage, invitedSecret(digits, purpose));
    this.list = this.list.filter((call) => call.session !== session);
    location.hash = new URLSearchParams({ session }).toString();
  }

  async decline({ session }: ColleagueInvitation): Promise<void> {
    this.list = this.list.filter((call) => call.session !== session);
    await api.declineColleague(session);
  }
}

export const calls = new Calls();
