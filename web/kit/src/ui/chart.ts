/** The top of a scale: the smallest of 1, 2, 4, 6, 8 times a power of ten that is not below `largest`. Its half is short to write. */
export function niceCeiling(largest: number): number {
  if (!(largest > 0)) return 2;
  const power = 10 ** Math.floor(Math.log10(largest));
  const found = [1, 2, 4, 6, 8, 10].find((step) => step * power >= largest) ?? 10;
  // Halves of people and sessions do not exist.
  return Math.max(2, found * power);
}
