import { api } from "@kit/api/client";
import { t } from "@kit/i18n/strings.svelte";
import { invitedSecret, sealKeeper } from "@kit/session/seal";
import type { ColleagueInvitation } from "@kit/types";
import { toasts } from "@kit/ui/toasts.svelte";

/** How often the service is asked. It is how colleagues see who is there, too. */
const EVERY_MS = 5_000;

/** Sessions into which colleagues call this technician. */
class Calls {
  list = $state.raw<readonly ColleagueInvitation[]>([]);
  #known = new Set<string>();

  /** Asks now and then for as long as somebody listens; gives back how to stop. */
  watch(): () => void {
    void this.read();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void this.read();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }

  async read(): Promise<void> {
    try {
      const { invitations } = await api.colleagueInvitations();
      this.list = invitations;
      const fresh = invitations.filter(({ session }) => !this.#known.has(session));
      for (const { from } of fresh) toasts.show("info", t("calls.toast", { name: from }));
      this.#known = new Set(invitations.map(({ session }) => session));
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
