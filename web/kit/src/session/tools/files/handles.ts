// Where a browser hands out lasting handles of files, a page that was loaded again goes on with what it had begun.
import { DiskError, type Source } from "./disk";
import { FileSource } from "./browser";

/** A file that a page had begun to send. */
export interface Begun {
  steps: string[];
  source: Source;
}

/** Remembers the handles of what is under way. */
export interface Handles {
  keep(transfer: number, steps: readonly string[], handle: FileSystemFileHandle): void;
  forget(transfer: number): void;
  /** The file, when it still is the same one; "ask" when a person must allow it again; null when there is none. */
  back(transfer: number, ask: boolean): Promise<Begun | "ask" | null>;
}

interface Kept {
  steps: string[];
  handle: FileSystemFileHandle & {
    queryPermission?(options: { mode: "read" }): Promise<PermissionState>;
    requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
  };
  size: number;
  changed: number;
}

const STORE = "handles";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("farhand-files", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new DiskError("failed"));
  });
}

async function within<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  const database = await opened().catch(() => null);
  if (!database) return null;
  return new Promise((resolve) => {
    const request = run(database.transaction(STORE, mode).objectStore(STORE));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  });
}

/** This browser's, for one session. */
export function browserHandles(session: string): Handles {
  const key = (transfer: number): string => `${session} ${transfer}`;
  return {
    keep(transfer, steps, handle) {
      void handle.getFile().then((file) => {
        const kept: Kept = { steps: [...steps], handle, size: file.size, changed: file.lastModified };
        return within("readwrite", (store) => store.put(kept, key(transfer)));
      });
    },
    forget(transfer) {
      void within("readwrite", (store) => store.delete(key(transfer)));
    },
    async back(transfer, ask) {
      const kept = (await within("readonly", (store) => store.get(key(transfer) as IDBValidKey))) as Kept | null | undefined;
      if (!kept) return null;
      try {
        const mode = { mode: "read" } as const;
        let may = (await kept.handle.queryPermission?.(mode)) ?? "granted";
        if (may !== "granted" && ask) may = (await kept.handle.requestPermission?.(mode)) ?? "denied";
        if (may === "prompt") return ask ? null : "ask";
        if (may !== "granted") return null;
        const file = await kept.handle.getFile();
        if (file.size !== kept.size || file.lastModified !== kept.changed) return null;
        return { steps: kept.steps, source: new FileSource(file) };
      } catch {
        return null;
      }
    },
  };
}
