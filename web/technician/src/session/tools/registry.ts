// The tools beside the picture, in the order in which people see them.
import Activity from "@lucide/svelte/icons/activity";
import SquareTerminal from "@lucide/svelte/icons/square-terminal";
import Clipboard from "@lucide/svelte/icons/clipboard";
import FolderSync from "@lucide/svelte/icons/folder-sync";
import MessageCircle from "@lucide/svelte/icons/message-circle";
import NotebookPen from "@lucide/svelte/icons/notebook-pen";
import type { TextKey } from "@kit/i18n/strings.svelte";
import Gauge from "@lucide/svelte/icons/gauge";
import Users from "@lucide/svelte/icons/users";
import type { Session } from "@kit/session/session.svelte";
import type { Right } from "@kit/types";
import type { Component } from "svelte";
import { chatOf } from "./chat.svelte";
import ChatPanel from "./ChatPanel.svelte";
import { filesOf } from "./files.svelte";
import DiagnosticsPanel from "./DiagnosticsPanel.svelte";
import FilesPanel from "./FilesPanel.svelte";
import ClipboardPanel from "./ClipboardPanel.svelte";
import NotePanel from "./NotePanel.svelte";
import QualityPanel from "./QualityPanel.svelte";
import ShellPanel from "./ShellPanel.svelte";
import TogetherPanel from "./TogetherPanel.svelte";

export interface Tool {
  id: string;
  /** Key of its name in the strings. */
  label: TextKey;
  icon: Component<{ size?: number; "aria-hidden"?: "true" }>;
  panel: Component<{ session: Session }>;
  /** What the customer must have allowed before it can do anything; the panel itself asks for it. */
  right?: Right;
  /** It has tables or a terminal in it. */
  wide?: boolean;
  /** How much is new in it, for a mark at its button. */
  news?: (session: Session) => number;
}

export const TOOLS: readonly Tool[] = [
  { id: "chat", label: "tools.chat", icon: MessageCircle, panel: ChatPanel, news: (session) => chatOf(session).state.unread },
  { id: "files", label: "tools.files", icon: FolderSync, panel: FilesPanel, right: "files", news: (session) => filesOf(session).state?.live ?? 0 },
  { id: "clipboard", label: "tools.clipboard", icon: Clipboard, panel: ClipboardPanel, right: "clipboard" },
  { id: "diagnostics", label: "tools.diagnostics", icon: Activity, panel: DiagnosticsPanel, right: "diagnostics", wide: true },
  { id: "shell", label: "tools.shell", icon: SquareTerminal, panel: ShellPanel, right: "shell", wide: true },
  { id: "together", label: "tools.together", icon: Users, panel: TogetherPanel },
  { id: "quality", label: "tools.quality", icon: Gauge, panel: QualityPanel },
  { id: "note", label: "tools.note", icon: NotebookPen, panel: NotePanel },
];
