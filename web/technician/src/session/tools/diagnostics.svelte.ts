import { t } from "@kit/i18n/strings.svelte";
import { wallClock } from "@kit/link/link";
import type { Session } from "@kit/session/session.svelte";
import { may } from "@kit/session/state";
import { DiagnosticsState } from "@kit/session/tools/diagnostics.svelte";
import { ShellState } from "@kit/session/tools/shell.svelte";
import type { Right } from "@kit/types";
import { toasts } from "@kit/ui/toasts.svelte";
import type { Screen } from "./terminal";

/** Diagnostics and command line of one session, whether their panels are open or not. */
export class SessionDiagnostics {
  readonly state: DiagnosticsState;
  readonly shell: ShellState;
  /** The terminal's screen, once it was wanted. It outlives its panel. */
  screen = $state.raw<Screen | null>(null);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.state = new DiagnosticsState({ send: (message) => session.tool("diagnostics", message), clock: wallClock });
    this.shell = new ShellState({
      send: (message) => session.tool("diagnostics", message),
      draw: (bytes, drawn) => (this.screen ? this.screen.write(bytes, drawn) : drawn()),
      tooMuch: () => toasts.show("warn", t("shell.too_much")),
    });
    session.onTool("diagnostics", (message) => {
      this.state.take(message);
      this.shell.take(message);
    });
    // It lives as long as the session does.
    $effect.root(() => {
      let way = false;
      $effect(() => {
        const stands = session.reachable && session.known.seal === "on";
        if (stands && !way) this.shell.linkBack();
        if (!stands && way) this.state.breakOff();
        way = stands;
      });
      $effect(() => {
        if (session.known.ended !== null) this.shell.gone("lost");
      });
    });
  }

  /** Whether the customer allows it now. */
  may(right: Right): boolean {
    return may(this.#session.known, right);
  }

  /** Whether the customer is asked for it now. */
  asks(right: Right): boolean {
    const { consent } = this.#session.known;
    return (consent?.state === "granted" && (consent.more?.includes(right) ?? false)) || (consent?.state === "asking" && consent.rights.includes(right));
  }
}

const known = new WeakMap<Session, SessionDiagnostics>();

export function diagnosticsOf(session: Session): SessionDiagnostics {
  let found = known.get(session);
  if (!found) {
    found = new SessionDiagnostics(session);
    known.set(session, found);
  }
  return found;
}
