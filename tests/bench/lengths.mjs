// What the lengths of sealed messages tell: which letter was typed, and whether a text that a stranger had shown is the
// secret on the same screen. With the padding, and as it would be without.
// `node tests/bench/lengths.mjs` after `cargo build --release --workspace --bins`, with FARHAND_BINARIES=target/release.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Household } from '../kit/household.mjs';
import { hex, Impostor } from '../kit/impostor.mjs';
import { run } from '../kit/run.mjs';

const { values } = parseArgs({ options: { trials: { type: 'string', default: '200' }, font: { type: 'string', default: '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf' } } });
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const [w, h] = [9, 18];

if (!existsSync(values.font)) throw new Error(`${values.font} is missing: install fonts-dejavu-core, or name a font of fixed width with --font`);
const household = new Household();
try {
  const impostor = Impostor.open(household);
  for (const smooth of [true, false]) {
    const glyphs = await Promise.all(
      [...LETTERS].map(async (letter) => {
        const words = ['-background', 'white', '-fill', 'black', ...(smooth ? [] : ['+antialias']), '-font', values.font, '-pointsize', 14, `label:${letter}`];
        const ink = await run('convert', [...words, '-gravity', 'center', '-extent', `${w}x${h}`, '-depth', 8, 'gray:-'], { raw: true });
        return { w, h, ink: hex(ink) };
      }),
    );
    const { letters, secrets } = await impostor.ask({ do: 'lengths', glyphs, trials: Number(values.trials) });
    console.log(JSON.stringify({ what: `letters typed, ${smooth ? 'smooth' : 'plain'} font`, ...letters }));
    for (const [known, found] of Object.entries(secrets)) {
      const what = {
        whole: 'sixteen letters: the secret, or others',
        half: 'the same with the first eight right either way',
        next: 'the first eight right, and the ninth right or not',
      }[known];
      console.log(JSON.stringify({ what: `${what}, ${smooth ? 'smooth' : 'plain'} font`, ...found }));
    }
  }
} finally {
  await household.close();
}
