// The terminal's screen and keyboard, by xterm.js. Loaded when it is first wanted: it is larger than the rest of the pages.
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm, type ITheme } from "@xterm/xterm";

/** Lines that can be scrolled back to. */
const SCROLLBACK = 5_000;
/**
 * What the customer's side must not do with the technician's window, tab or clipboard, by the numbers of operating system
 * commands: titles, colours, the working folder, links, notes of the desktop, the clipboard, and what single programs made
 * up. All others are unknown to the terminal and do nothing.
 */
const COMMANDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 50, 52, 66, 99, 104, 105, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 133, 176, 633, 777, 1337, 5522];

export interface Screen {
  /** Where it is drawn; may be moved about in the page. */
  readonly element: HTMLElement;
  /** Draws, and says when it has. */
  write(bytes: Uint8Array, drawn: () => void): void;
  /** A line of ours, between what the command line wrote. */
  note(text: string): void;
  /** Empties it for another command line. */
  reset(): void;
  /** Takes the size of its place; that size, in letters. */
  fit(): { cols: number; rows: number };
  focus(): void;
  selection(): string;
  paste(text: string): void;
  readable(on: boolean): void;
  locked(on: boolean): void;
  dark(on: boolean): void;
}

export interface Hands {
  typed(bytes: Uint8Array): void;
  /** The person wants to leave the terminal by the keyboard. */
  leave(): void;
  copy(): void;
}

const DARK: ITheme = { background: "#10141b", foreground: "#eaeef5", cursor: "#7fd3c6", selectionBackground: "#35506b" };
const LIGHT: ITheme = {
  background: "#ffffff",
  foreground: "#161c27",
  cursor: "#0b665f",
  selectionBackground: "#b9d7f5",
  black: "#161c27",
  red: "#b3261e",
  green: "#1f7a34",
  yellow: "#8a5200",
  blue: "#1d5fb8",
  magenta: "#8a2f9e",
  cyan: "#0b665f",
  white: "#5a6578",
  brightBlack: "#4a5567",
  brightRed: "#93130d",
  brightGreen: "#155c26",
  brightYellow: "#6b3f00",
  brightBlue: "#14498f",
  brightMagenta: "#6c207d",
  brightCyan: "#084f49",
  brightWhite: "#161c27",
};

/**
 * Stands for a style element, and hands its rules to a sheet that was made by script. The pages' policy allows the latter
 * only (not even an empty style element), and so do we: no text of anybody becomes a style.
 */
function adopted(): HTMLElement {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const stand = Document.prototype.createElement.call(document, "template");
  Object.defineProperty(stand, "textContent", { get: () => "", set: (rules: string) => sheet.replaceSync(rules) });
  return stand;
}

/** An element that sets its style property by property, where xterm.js writes it as a text, which the policy forbids. */
function made(tag: string): HTMLElement {
  if (tag === "style") return adopted();
  const element = Document.prototype.createElement.call(document, tag);
  const set = element.setAttribute.bind(element);
  element.setAttribute = (name: string, value: string) => {
    if (name === "style") element.style.cssText = value;
    else set(name, value);
  };
  return element;
}

/** The document, as xterm.js may use it under the pages' policy. */
function strict(real: Document): Document {
  return new Proxy(real, {
    get(target, name) {
      if (name === "createElement") return made;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Runs `open` while the real document makes no style elements either: a part of xterm.js asks it itself. */
function withStyles(open: () => void): void {
  const create = document.createElement.bind(document);
  document.createElement = ((tag: string, options?: ElementCreationOptions) =>
    tag === "style" ? adopted() : create(tag, options)) as typeof document.createElement;
  try {
    open();
  } finally {
    delete (document as { createElement?: unknown }).createElement;
  }
}

/**
 * What makes the letters' elements takes the real document, whatever the terminal was told. Where a newer xterm.js has it
 * elsewhere, letters have no colours of their own, and the pages' test of that fails.
 */
function strictRows(terminal: Xterm): void {
  type Inside = { _core?: { _renderService?: { _renderer?: { value?: { _rowFactory?: { _document?: Document } } } } } };
  const rows = (terminal as unknown as Inside)._core?._renderService?._renderer?.value?._rowFactory;
  if (rows?._document) rows._document = strict(document);
}

export function openScreen(hands: Hands, dark: boolean, label: string): Screen {
  const element = document.createElement("div");
  element.className = "terminal-place";
  const terminal = new Xterm({
    documentOverride: strict(document),
    scrollback: SCROLLBACK,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono") || "monospace",
    fontSize: 13,
    theme: dark ? DARK : LIGHT,
    minimumContrastRatio: 4.5,
    cursorBlink: false,
    allowProposedApi: false,
    // What looks like a link is text: the customer's side decides what it says.
    linkHandler: { activate: () => undefined, allowNonHttpProtocols: false },
    windowOptions: {},
  });
  for (const command of COMMANDS) terminal.parser.registerOscHandler(command, () => true);
  // Questions whose answers would be typed into the command line as letters, and would stand in the receipt.
  terminal.parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => true);
  terminal.parser.registerDcsHandler({ intermediates: "+", final: "q" }, () => true);
  terminal.parser.registerCsiHandler({ intermediates: "$", final: "p" }, () => true);
  terminal.parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, () => true);
  terminal.parser.registerCsiHandler({ prefix: ">", final: "q" }, () => true);
  terminal.parser.registerCsiHandler({ prefix: "?", final: "u" }, () => true);
  terminal.parser.registerCsiHandler({ final: "t" }, () => true);
  const fit = new FitAddon();
  terminal.loadAddon(fit);

  const encoder = new TextEncoder();
  terminal.onData((text) => hands.typed(encoder.encode(text)));
  terminal.onBinary((text) => hands.typed(Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255)));
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown") return true;
    if (event.shiftKey && event.key === "Escape") {
      event.preventDefault();
      hands.leave();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === "KeyC") {
      event.preventDefault();
      hands.copy();
      return false;
    }
    // The browser pastes by itself, and the terminal hears of it.
    return !(event.ctrlKey && event.shiftKey && event.code === "KeyV");
  });

  let opened = false;
  const open = (): void => {
    if (opened || !element.isConnected) return;
    opened = true;
    withStyles(() => terminal.open(element));
    strictRows(terminal);
    terminal.textarea?.setAttribute("aria-label", label);
  };
  return {
    element,
    write: (bytes, drawn) => terminal.write(bytes, drawn),
    // Letters only: nothing in it is a command to the terminal.
    note: (text) => terminal.write(`\r\n\x1b[7m ${text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ")} \x1b[0m\r\n`),
    reset: () => terminal.reset(),
    fit: () => {
      open();
      if (opened) fit.fit();
      return { cols: Math.max(2, terminal.cols), rows: Math.max(2, terminal.rows) };
    },
    focus: () => terminal.focus(),
    selection: () => terminal.getSelection(),
    paste: (text) => terminal.paste(text),
    readable: (on) => void (terminal.options.screenReaderMode = on),
    locked: (on) => void (terminal.options.disableStdin = on),
    dark: (on) => void (terminal.options.theme = on ? DARK : LIGHT),
  };
}
