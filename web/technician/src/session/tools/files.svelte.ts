import { wallClock } from "@kit/link/link";
import type { Session } from "@kit/session/session.svelte";
import { allowed, may } from "@kit/session/state";
import { FilesState } from "@kit/session/tools/files.svelte";
import { FileSource, fileWays, type Given, type Offered } from "@kit/session/tools/files/browser";
import { browserHandles } from "@kit/session/tools/files/handles";
import { filesModule } from "@kit/session/tools/files/wasm";

/** Files of one session, from its first moment to its end, whether their panel is open or not. */
export class SessionFiles {
  /** Null until the module is there. */
  state = $state.raw<FilesState | null>(null);
  readonly id: string;
  readonly #session: Session;
  readonly #undo: (() => void)[] = [];
  #gone = false;

  constructor(session: Session, id: string) {
    this.id = id;
    this.#session = session;
    const key = `farhand.files.${id}`;
    const keeper = {
      get kept() {
        return sessionStorage.getItem(key);
      },
      keep: (text: string) => sessionStorage.setItem(key, text),
    };
    void filesModule().then((parts) => {
      if (this.#gone) return;
      const state = new FilesState({ ...parts, clock: wallClock, keeper, handles: browserHandles(id), paced: true, session: id, send: (message) => session.tool("files", message), sendBulk: (bytes, lengths) => session.sendBulk(bytes, lengths), taken: async () => (await fileWays().taken?.(id)) ?? [] });
      this.state = state;
      session.taken = (messages) => state.taken(messages);
      session.acted = () => state.acted();
      session.bulk = (messages) => state.bulk(messages);
      this.#undo.push(
        $effect.root(() => {
          const up = $derived(session.reachable && session.known.seal === "on" && may(session.known, "files"));
          $effect(() => state.reach(up));
          $effect(() => {
            if (session.known.ended !== null) state.end();
          });
        }),
        () => state.close(),
      );
    });
  }

  /** Asks the customer for the right, beside what is granted. */
  ask(): void {
    this.#session.ask([...new Set([...allowed(this.#session.known), "files" as const])]);
  }

  /** Sends what a person dropped or chose; it waits until the customer lets it. */
  give(given: readonly Given[]): void {
    this.offer(given.map(({ steps, file, handle }) => ({ steps, source: new FileSource(file), handle: handle ?? null })));
  }

  /** The same, of files that are no browser's. */
  offer(offered: readonly (Offered & Pick<Given, "handle">)[]): void {
    if (offered.length === 0 || !this.state) return;
    this.state.put(offered);
    if (!may(this.#session.known, "files")) this.ask();
  }

  /** The page goes elsewhere. */
  leave(): void {
    this.#gone = true;
    for (const undo of this.#undo.splice(0)) undo();
  }
}

const sessions = new WeakMap<Session, SessionFiles>();

/** Called once for each session, before it starts. */
export function startFiles(session: Session, id: string): SessionFiles {
  const files = new SessionFiles(session, id);
  sessions.set(session, files);
  return files;
}

export function filesOf(session: Session): SessionFiles {
  const files = sessions.get(session);
  if (!files) throw new Error("the files of this session were not started");
  return files;
}
