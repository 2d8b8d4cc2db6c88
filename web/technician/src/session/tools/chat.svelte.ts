import { api, ApiError } from "@kit/api/client";
import { t } from "@kit/i18n/strings.svelte";
import { wallClock } from "@kit/link/link";
import type { Session } from "@kit/session/session.svelte";
import { chatKeeper, ChatState, drawId, type Line } from "@kit/session/tools/chat.svelte";
import { writeTranscript } from "@kit/session/tools/transcript";
import { toasts } from "@kit/ui/toasts.svelte";
import { sealChat } from "../../letters";
import type { KeyState } from "../deliver";

/** A chat goes to the service at most this often; the last time at once. */
const EVERY_MS = 2_000;
/** Tries of one copy. */
const TRIES = 3;
/** Letters of a message in a passing notice. */
const GLANCE = 80;

/** Whether the organisation keeps this chat: it is not known yet, there is no key, the key is another one, or it does. */
export type Kept = "unknown" | "none" | "changed" | "kept" | "failed";

/** Brings the organisation its copy of the chat, sealed to its key for receipts. */
export class ChatRecord {
  kept = $state<Kept>("unknown");
  readonly #session: string;
  readonly #write: () => Uint8Array | null;
  #key: Uint8Array | null = null;
  #dirty = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(session: string, write: () => Uint8Array | null) {
    this.#session = session;
    this.#write = write;
  }

  /** What the organisation's key is good for. */
  key(found: KeyState): void {
    this.#key = found.state === "known" ? found.key : null;
    this.kept = found.state === "known" ? "kept" : found.state;
    if (this.#dirty) this.grew();
  }

  /** There is more to keep. */
  grew(): void {
    this.#dirty = true;
    if (this.#key) this.#timer ??= setTimeout(() => this.flush(), EVERY_MS);
  }

  /** Brings what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dirty && this.#key) this.#sending = this.#sending.then(() => this.#send(TRIES));
  }

  async #send(tries: number): Promise<void> {
    const [key, transcript] = [this.#key, this.#write()];
    if (!this.#dirty || !key || !transcript) return;
    this.#dirty = false;
    try {
      await api.putChat(this.#session, await sealChat(key, this.#session, transcript));
      this.kept = "kept";
    } catch (error) {
      this.#dirty = true;
      const worth = error instanceof ApiError && (error.status === 0 || error.status >= 500);
      if (!worth || tries <= 1) {
        this.kept = "failed";
        return;
      }
      await new Promise((done) => setTimeout(done, EVERY_MS));
      await this.#send(tries - 1);
    }
  }
}

/** The chat of one session, from its first moment to its end, whether its panel is open or not. */
export class SessionChat {
  readonly state: ChatState;
  readonly record: ChatRecord;
  readonly #unlisten: () => void;

  constructor(session: Session, id: string) {
    const names = (): { technician: string; customer: string } => {
      const { technician = "", customer = "" } = session.known.sealNames ?? {};
      return { technician, customer };
    };
    this.record = new ChatRecord(id, () => {
      const { lines, dropped } = this.state;
      return lines.some(({ number }) => number !== null) ? writeTranscript(lines, dropped, names()) : null;
    });
    this.state = new ChatState({
      send: (message) => {
        if (session.known.seal !== "on" || !session.reachable) return false;
        session.tool("chat", message);
        return true;
      },
      me: () => session.known.participant,
      clock: wallClock,
      keeper: chatKeeper(id),
      newId: drawId,
      news: (line) => this.#tell(line),
      grew: () => this.record.grew(),
    });
    this.#unlisten = session.onTool("chat", (message) => this.state.take(message));
  }

  /** The session is over. */
  over(): void {
    this.state.stop(true);
    this.record.flush();
  }

  /** The page goes elsewhere. */
  leave(): void {
    this.#unlisten();
    this.state.stop(false);
    this.record.flush();
  }

  #tell(line: Line): void {
    if (this.state.watched) return;
    const text = line.text.length > GLANCE ? `${line.text.slice(0, GLANCE - 1)}…` : line.text;
    toasts.show("info", t("chat.news", { who: speaker(line), text: text.replaceAll("\n", " ") }));
  }
}

/** Who said something, in words. */
export function speaker({ who, name }: Pick<Line, "who" | "name">): string {
  if (who === "me") return t("chat.you");
  return who === "customer" ? t("session.customer") : name || t("chat.colleague");
}

const chats = new WeakMap<Session, SessionChat>();

/** Called once for each session, before it starts. */
export function startChat(session: Session, id: string): SessionChat {
  const chat = new SessionChat(session, id);
  chats.set(session, chat);
  return chat;
}

export function chatOf(session: Session): SessionChat {
  const chat = chats.get(session);
  if (!chat) throw new Error("the chat of this session was not started");
  return chat;
}
