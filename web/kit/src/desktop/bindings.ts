// Generated from console/core by `cargo xtask vectors`. Do not edit.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { MediaOffer } from "../types";

export type ApiAnswer = { status: number, kind: string, body: ApiBody, };
export type ApiBody = { "text": string } | { "base64": string };
export type ApiRequest = { method: string, path: string, kind: string | null, body: ApiBody | null, };
export type DoorKey = { port: number, token: string, };
export type Event = { "type": "status", status: Status, } | { "type": "show_session", session: string, } | { "type": "menu", action: MenuAction, } | { "type": "dropped", names: Array<string>, } | { "type": "customer_came", session: string, };
export type Failure = { code: string, message: string, };
export type FromLink = { "type": "connected", udp_blocked: boolean, } | { "type": "lost", why: string, } | { "type": "offer_needed" } | { "type": "refused", code: number, why: string, };
export type HoldKeyboard = { hold: boolean, };
export type KeepSignIn = { keeping: Keeping, passphrase: string | null, };
export type Keeping = "keyring" | "file" | "nowhere";
export type KeyboardHold = "all" | "leftovers";
export type LogPage = { lines: Array<string>, facts: Array<string>, };
export type LookAtServer = { address: string, };
export type MenuAction = "new_session" | "settings" | "log" | "home" | "tear_off" | "close_tab" | "full_screen";
export type OpenSocket = { session: string, };
export type ProxyChoice = { "use": "system" } | { "use": "direct" } | { "use": "fixed", address: string, };
export type Say = { socket: number, text: string, };
export type ServerSeen = { address: string, fingerprint: string, vouched: boolean, before: string | null, };
export type ServerStatus = { address: string, fingerprint: string | null, };
export type Settings = { all_keys: boolean, sounds: boolean, notifications: boolean, stay_in_tray: boolean, look_for_updates: boolean, proxy: ProxyChoice, };
export type SocketEvent = { "type": "open" } | { "type": "text", text: string, } | { "type": "closed", code: number, };
export type SocketNumber = { socket: number, };
export type Status = { version: string, server: ServerStatus | null, keeping: Keeping, keyring: boolean, locked: boolean, settings: Settings, updates: boolean, };
export type TearOff = { session: string, };
export type ToLink = { "type": "open", offer: MediaOffer, } | { "type": "renew", offer: MediaOffer, } | { "type": "taken", bytes: number, };
export type TrustServer = { address: string, fingerprint: string, };
export type Unlock = { passphrase: string, };
export type UpdateState = { "state": "unavailable" } | { "state": "newest" } | { "state": "offered", version: string, size: number, };

/** Everything that a page can ask Rust for. Rejects with a {@link Failure}. */
export const desktop = {
  status: (): Promise<Status> => invoke<Status>("status"),
  listen: (heard: (event: Event) => void): Promise<void> => {
    const channel = new Channel<Event>(heard);
    return invoke<void>("listen", { channel });
  },
  lookAtServer: (request: LookAtServer): Promise<ServerSeen> => invoke<ServerSeen>("look_at_server", { request }),
  trustServer: (request: TrustServer): Promise<Status> => invoke<Status>("trust_server", { request }),
  forgetServer: (): Promise<Status> => invoke<Status>("forget_server"),
  api: (request: ApiRequest): Promise<ApiAnswer> => invoke<ApiAnswer>("api", { request }),
  keepSignIn: (request: KeepSignIn): Promise<Status> => invoke<Status>("keep_sign_in", { request }),
  unlock: (request: Unlock): Promise<Status> => invoke<Status>("unlock", { request }),
  putSettings: (request: Settings): Promise<Status> => invoke<Status>("put_settings", { request }),
  openSocket: (request: OpenSocket, heard: (event: SocketEvent) => void): Promise<SocketNumber> => {
    const channel = new Channel<SocketEvent>(heard);
    return invoke<SocketNumber>("open_socket", { request, channel });
  },
  say: (request: Say): Promise<void> => invoke<void>("say", { request }),
  closeSocket: (request: SocketNumber): Promise<void> => invoke<void>("close_socket", { request }),
  openDoor: (): Promise<DoorKey> => invoke<DoorKey>("open_door"),
  holdKeyboard: (request: HoldKeyboard): Promise<KeyboardHold> => invoke<KeyboardHold>("hold_keyboard", { request }),
  tearOff: (request: TearOff): Promise<void> => invoke<void>("tear_off", { request }),
  readLog: (): Promise<LogPage> => invoke<LogPage>("read_log"),
  checkUpdate: (): Promise<UpdateState> => invoke<UpdateState>("check_update"),
  installUpdate: (): Promise<void> => invoke<void>("install_update"),
};
