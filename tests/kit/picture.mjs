// Finds buttons in a picture of the screen, as a person does: by their outline.

const WIDTH = [60, 420];
const HEIGHT = [26, 56];

/**
 * The button-like boxes of an RGB picture: an edge above and an edge below in one colour, equally long, as far apart as
 * a button is high. Sorted from the top left. `{ x, y, width, height, filled, colour }`
 */
export function boxes({ width, height, data }) {
  const at = (x, y) => {
    const i = 3 * (y * width + x);
    return (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
  };
  const edges = [];
  for (let y = 1; y < height - 1; y++) {
    let start = 0;
    for (let x = 1; x <= width; x++) {
      if (x < width && at(x, y) === at(start, y)) continue;
      const length = x - start;
      if (length >= WIDTH[0] && length <= WIDTH[1]) {
        const colour = at(start, y);
        const probes = [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => start + Math.round(part * (length - 1)));
        const above = probes.every((p) => at(p, y - 1) !== colour);
        const below = probes.every((p) => at(p, y + 1) !== colour);
        if (above || below) edges.push({ x: start, y, length, colour, above, below });
      }
      start = x;
    }
  }
  const found = [];
  for (const top of edges.filter((edge) => edge.above)) {
    const bottom = edges.find(
      (edge) =>
        edge.below &&
        edge.colour === top.colour &&
        edge.y - top.y >= HEIGHT[0] &&
        edge.y - top.y <= HEIGHT[1] &&
        Math.abs(edge.x - top.x) <= 2 &&
        Math.abs(edge.length - top.length) <= 3,
    );
    if (!bottom) continue;
    const box = { x: top.x, y: top.y, width: top.length, height: bottom.y - top.y + 1, filled: !top.below, colour: top.colour };
    if (!found.some((other) => Math.abs(other.x - box.x) <= 4 && Math.abs(other.y - box.y) <= 4)) found.push(box);
  }
  return found.sort((a, b) => a.y - b.y || a.x - b.x);
}

/** A part of a picture. What lies outside is cut off. */
export function crop(picture, x, y, width, height) {
  const left = Math.max(0, x);
  const top = Math.max(0, y);
  const right = Math.min(picture.width, x + width);
  const bottom = Math.min(picture.height, y + height);
  const wide = Math.max(0, right - left);
  const high = Math.max(0, bottom - top);
  const data = Buffer.alloc(wide * high * 3);
  for (let row = 0; row < high; row++) {
    const from = 3 * ((top + row) * picture.width + left);
    picture.data.copy(data, 3 * row * wide, from, from + 3 * wide);
  }
  return { width: wide, height: high, data };
}
