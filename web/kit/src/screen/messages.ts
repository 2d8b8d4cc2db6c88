import type { Chat, Choice, Clipboard, ConsentSnapshot, Diagnostics, Files, MediaOffer, Monitors, Notice, ParticipantId, Restart, Rights, ScreenLock, Together, Wish } from "../types";
import type { CarrierKind } from "../link/link";
import type { Rect } from "./picture";
import type { Door } from "../link/native";
import type { Origin } from "../link/websocket";
import type { ReceiptCopy } from "../session/receipt";
import type { SealNames, SealSecret, SealState, SealView } from "../session/seal";

/** Page → renderer worker. */
export type ToWorker =
  /** With a door, the link runs in the desktop console; without one, the worker connects by itself. */
  | { type: "open"; participant: ParticipantId; offer: MediaOffer; origin: Origin; door?: Door }
  | { type: "door"; door: Door }
  | { type: "renew"; offer: MediaOffer }
  /** Before "open": what this session is sealed with. */
  | { type: "seal"; secret: SealSecret }
  | { type: "seal_view"; view: SealView }
  /** Before "open": what this console signed of the receipt before it was loaded again. */
  | { type: "receipt_kept"; kept: Uint8Array }
  /** The organisation's public key, to which its copy of the receipt is sealed. */
  | { type: "receipt_key"; key: Uint8Array }
  | { type: "canvas"; canvas: OffscreenCanvas }
  /** A further canvas, which shows a part of the picture: "part" says which. */
  | { type: "part_canvas"; id: number; canvas: OffscreenCanvas }
  | { type: "part"; id: number; part: Rect }
  | { type: "part_gone"; id: number }
  /** The page draws by itself what it is handed, and says when it has. */
  | { type: "painter" }
  | { type: "painted" }
  | { type: "ask"; rights: Rights }
  | { type: "give_up"; rights: Rights }
  | { type: "end" }
  | { type: "key"; code: string; down: boolean }
  /** Without a place: wherever the customer's pointer is. */
  | { type: "button"; button: number; down: boolean; x?: number; y?: number }
  | { type: "wheel"; dx: number; dy: number; x?: number; y?: number }
  | { type: "pointer"; x: number; y: number }
  /** The pointer moves from where it is: the page holds it. */
  | { type: "pointer_by"; dx: number; dy: number }
  /** Typed as it stands, whatever the two layouts. */
  | { type: "text"; text: string }
  /** One character with the modifiers that are held, by whichever key of the customer's makes it. */
  | { type: "letter"; letter: string }
  | { type: "stop_text" }
  | { type: "release_all" }
  | { type: "show_monitor"; choice: Choice }
  /** Of a session with several technicians. */
  | { type: "together"; message: Together }
  /** What the technician would like, which takes no right. */
  | { type: "wish"; wish: Wish }
  | { type: "watch"; agent: boolean }
  /** Any message of a tool. */
  | ({ type: "tool" } & ToolMessage)
  /** Bodies of the files' stream, as the list of transfers wrote them, one behind another, and the length of each. */
  | { type: "bulk"; bytes: Uint8Array<ArrayBuffer>; lengths: Uint32Array }
  | { type: "close" };

/** A tool's stream, and a message on it. */
export type ToolMessage = { [Name in keyof ToolMessages]: { stream: Name; message: ToolMessages[Name] } }[keyof ToolMessages];

/** What is said on each tool's stream. */
export interface ToolMessages {
  chat: Chat;
  clipboard: Clipboard;
  files: Files;
  diagnostics: Diagnostics;
}

/** The shape of the customer's pointer, ready for a style sheet. `url` is null when the pointer is hidden. */
export interface CursorShape {
  url: string | null;
  hotX: number;
  hotY: number;
  width: number;
  height: number;
}

/** What the picture comes to: in the last seconds, as this end sees it. */
export interface Quality {
  /** Frames a second. */
  frames: number;
  /** Bits a second, of the picture. */
  rate: number;
  /** Of the messages of the picture that did not come, in hundredths. */
  loss: number;
  /** What moves is coded so; null while everything comes exactly. */
  codec: "h264" | "av1" | null;
}

/** Renderer worker → page. */
export type FromWorker =
  | { type: "ready" }
  | { type: "link_up"; carrier: CarrierKind; again: boolean; udpBlocked: boolean }
  | { type: "link_lost"; why: string }
  | { type: "link_wants_offer" }
  | { type: "link_refused"; code: number; why: string }
  | { type: "consent"; snapshot: ConsentSnapshot }
  /** Where the seal stands now; with keys, who the two ends are. */
  | { type: "seal"; state: SealState; names: SealNames | null }
  /** What to keep of a hand-shake, for a reload. */
  | { type: "seal_resumption"; resumption: Uint8Array }
  /** Wrong tries that are left of code and link; one is counted before it is known to be wrong. */
  | { type: "seal_left"; left: number }
  /** Somebody on the way sent something of their own; it had no effect. */
  | { type: "refused" }
  /** This side signed the receipt as far as it goes; what to keep for a reload. */
  | { type: "receipt"; copy: ReceiptCopy; kept: Uint8Array }
  /** The receipt says something that this side did not see: it signs no further. */
  | { type: "receipt_refused"; why: string }
  /** Of a session with several technicians. */
  | { type: "together"; message: Together }
  /** What the picture came to in the last seconds. */
  | { type: "quality"; quality: Quality }
  /** Nothing is heard of the customer's side: what is shown is old. */
  | { type: "stale"; stale: boolean }
  /** The two ends know each other; the keys come when the customer agrees. */
  | { type: "seal_met"; names: SealNames }
  | { type: "cursor"; cursor: CursorShape }
  | { type: "cursor_at"; x: number; y: number }
  | { type: "notice"; notice: Notice }
  /** After a notice that the screen could not be captured: a whole picture has come again. */
  | { type: "captured" }
  | { type: "monitors"; monitors: Monitors }
  | { type: "screen_lock"; lock: ScreenLock }
  | { type: "restart"; restart: Restart }
  /** What the page had to say about files is on its way: so many messages. */
  | { type: "bulk_taken"; messages: number }
  /** Messages about files, as the agent wrote them. */
  | { type: "bulk"; messages: Uint8Array<ArrayBuffer>[] }
  /** What the agent says to a tool. */
  | ({ type: "tool" } & ToolMessage)
  | { type: "rtt"; ms: number }
  | { type: "screen"; width: number; height: number }
  | { type: "exact"; exact: boolean }
  | { type: "failed"; why: string };

/** Renderer worker → whoever started it in the desktop console: the door is shut, and another is wanted. */
export type DoorWanted = { type: "door_wanted" };
