import type { Clock } from "../../link/link";
import type { Chat, Colour, Pointing, Shape } from "../../types";

/** What the technician points with. */
export type PointingTool = "light" | Exclude<Shape, "unknown">;
export type PointingColour = Exclude<Colour, "unknown">;

export const TOOLS_TO_POINT: readonly PointingTool[] = ["light", "arrow", "line", "box", "free"];
export const COLOURS: readonly PointingColour[] = ["red", "yellow", "green", "blue"];

export interface Spot {
  x: number;
  y: number;
}

/** A mark that is drawn now, or so lately that it need not be in the picture yet. */
export interface Draft {
  number: number;
  shape: Exclude<Shape, "unknown">;
  colour: PointingColour;
  places: readonly Spot[];
}

/** Something is said at most this often; the last word always. */
const EVERY_MS = 33;
/** A light that stands still is said again, or it would go out. */
const LIGHT_AGAIN_MS = 700;
/** So long after its end a mark is in the picture, or was refused. */
const DRAFT_STAYS_MS = 900;
/** The most places in one message; as the agent takes it. */
export const MAX_PLACES = 64;
/** The most places of a free line; what comes beyond is not drawn. */
const MAX_LINE = 1024;
/** Places closer than this, in pixels of the customer's screen, make a free line no truer. */
const NEAR = 3;

export interface PointingParts {
  send(message: Chat): void;
  clock: Clock;
}

/** The technician's light and pencil on the customer's screen. It needs the view and nothing else. */
export class PointingState {
  /** Null: the pointer is the customer's machine's again. */
  tool = $state<PointingTool | null>(null);
  colour = $state<PointingColour>("red");
  /** Marks stay until they are taken away. */
  stays = $state(false);
  drafts = $state.raw<readonly Draft[]>([]);
  /** This console's marks that may be on the customer's screen. */
  count = $state(0);
  /** How often the customer took everything away. */
  cleared = $state(0);

  readonly #parts: PointingParts;
  #next = 1;
  #drawing: { draft: Draft; unsaid: Spot[]; full: boolean } | null = null;
  #light: Spot | null = null;
  #saidAt = Number.NEGATIVE_INFINITY;
  #later: (() => void) | null = null;
  #again: (() => void) | null = null;

  constructor(parts: PointingParts) {
    this.#parts = parts;
    // Two pages of one technician must not draw on with each other's numbers.
    this.#next = 1 + Math.floor(Math.random() * 2 ** 30);
  }

  choose(tool: PointingTool | null): void {
    if (this.tool === tool) return;
    this.end();
    this.dark();
    this.tool = tool;
  }

  /** The light is here. */
  light(at: Spot): void {
    this.#light = at;
    this.#sayLater();
  }

  /** The light goes out. */
  dark(): void {
    if (this.#light === null) return;
    this.#light = null;
    this.#again?.();
    this.#again = null;
    this.#say({ type: "dark" });
  }

  /** A mark begins. */
  begin(at: Spot): void {
    if (this.tool === null || this.tool === "light") return;
    this.end();
    const draft: Draft = { number: this.#next++, shape: this.tool, colour: this.colour, places: [at] };
    this.#drawing = { draft, unsaid: [at], full: false };
    this.#show(draft);
  }

  /** It goes on. */
  move(at: Spot): void {
    const drawing = this.#drawing;
    if (drawing === null || drawing.full) return;
    const { draft } = drawing;
    const last = draft.places.at(-1) ?? at;
    if (draft.shape === "free") {
      if (Math.hypot(at.x - last.x, at.y - last.y) < NEAR) return;
      drawing.draft = { ...draft, places: [...draft.places, at] };
      drawing.full = drawing.draft.places.length >= MAX_LINE;
      drawing.unsaid.push(at);
    } else {
      const first = draft.places[0] ?? at;
      drawing.draft = { ...draft, places: [first, at] };
      drawing.unsaid = [first, at];
    }
    this.#show(drawing.draft);
    this.#sayLater();
  }

  /** It is done. */
  end(): void {
    const drawing = this.#drawing;
    if (drawing === null) return;
    this.#drawing = null;
    const { draft } = drawing;
    // A click draws a dot by the pencil, and nothing by what needs two places.
    if (draft.places.length < 2 && draft.shape !== "free") {
      this.drafts = this.drafts.filter(({ number }) => number !== draft.number);
      return;
    }
    this.#sayLines(draft, drawing.unsaid);
    this.count += 1;
    this.#parts.clock.after(DRAFT_STAYS_MS, () => {
      this.drafts = this.drafts.filter(({ number }) => number !== draft.number);
    });
  }

  /** Takes all of this console's marks away. */
  eraseAll(): void {
    this.#drawing = null;
    this.drafts = [];
    this.count = 0;
    this.#say({ type: "erase_all" });
  }

  /** A message of the agent. */
  take(message: Chat): void {
    if (message.type !== "pointing" || message.pointing.type !== "cleared") return;
    if (this.count > 0 || this.#drawing !== null) this.cleared += 1;
    this.#forget();
  }

  /** The view is over: nothing of it lies over the customer's screen any more. */
  over(): void {
    this.tool = null;
    this.#forget();
  }

  #forget(): void {
    this.#drawing = null;
    this.#light = null;
    this.#later?.();
    this.#later = null;
    this.#again?.();
    this.#again = null;
    this.drafts = [];
    this.count = 0;
  }

  #show(draft: Draft): void {
    this.drafts = [...this.drafts.filter(({ number }) => number !== draft.number), draft];
  }

  #sayLater(): void {
    if (this.#later !== null) return;
    const wait = this.#saidAt + EVERY_MS - this.#parts.clock.now();
    if (wait <= 0) return this.#sayNow();
    this.#later = this.#parts.clock.after(wait, () => {
      this.#later = null;
      this.#sayNow();
    });
  }

  #sayNow(): void {
    this.#saidAt = this.#parts.clock.now();
    if (this.#light !== null) {
      this.#say({ type: "light", at: this.#light });
      this.#again?.();
      this.#again = this.#parts.clock.after(LIGHT_AGAIN_MS, () => {
        this.#again = null;
        this.#sayNow();
      });
    }
    const drawing = this.#drawing;
    if (drawing !== null && drawing.unsaid.length > 0) {
      this.#sayLines(drawing.draft, drawing.unsaid);
      drawing.unsaid = [];
    }
  }

  #sayLines({ number, shape, colour }: Draft, places: readonly Spot[]): void {
    const { stays } = this;
    for (let from = 0; from < places.length; from += MAX_PLACES) {
      this.#say({ type: "draw", number, stays, mark: { shape, colour, places: places.slice(from, from + MAX_PLACES) } });
    }
  }

  #say(pointing: Pointing): void {
    this.#parts.send({ type: "pointing", pointing });
  }
}

/** The path of a draft, in pixels of the customer's screen, as the customer's machine draws it. */
export function pathOf({ shape, places }: Pick<Draft, "shape" | "places">): string {
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) return "";
  const to = ({ x, y }: Spot): string => `${x} ${y}`;
  switch (shape) {
    case "line":
      return `M ${to(first)} L ${to(last)}`;
    case "box":
      return `M ${to(first)} H ${last.x} V ${last.y} H ${first.x} Z`;
    case "free":
      return `M ${places.map(to).join(" L ")}${places.length === 1 ? ` L ${to(first)}` : ""}`;
    case "arrow": {
      const [dx, dy] = [last.x - first.x, last.y - first.y];
      const head = Math.min(26, Math.hypot(dx, dy) * 0.6);
      const side = (turn: number): Spot => {
        const angle = Math.atan2(dy, dx) + turn;
        return { x: Math.round(last.x - head * Math.cos(angle)), y: Math.round(last.y - head * Math.sin(angle)) };
      };
      return `M ${to(first)} L ${to(last)} M ${to(side(0.5))} L ${to(last)} L ${to(side(-0.5))}`;
    }
  }
}
