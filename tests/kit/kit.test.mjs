// The tests' own tools: what the other tests rely on.

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { Display } from './display.mjs';
import { Household } from './household.mjs';
import { Lines } from './lines.mjs';
import { boxes, crop } from './picture.mjs';
import { until } from './wait.mjs';

function page(width, height, colour = 0xffffff) {
  const data = Buffer.alloc(width * height * 3);
  const picture = { width, height, data };
  picture.fill = (x, y, w, h, c) => {
    for (let row = y; row < y + h; row++) for (let column = x; column < x + w; column++) data.writeUIntBE(c, 3 * (row * width + column), 3);
  };
  picture.fill(0, 0, width, height, colour);
  return picture;
}

describe('a person sees buttons', () => {
  test('outlined and filled ones, and nothing else', () => {
    const picture = page(500, 300);
    picture.fill(30, 40, 440, 90, 0xf4f6f8); // a panel
    picture.fill(30, 200, 200, 42, 0xd5dce3); // an outlined button
    picture.fill(31, 201, 198, 40, 0xffffff);
    picture.fill(250, 200, 200, 42, 0x0f766e); // a filled one
    picture.fill(300, 215, 90, 10, 0xffffff); // its text
    const found = boxes(picture);
    assert.deepEqual(found.map(({ x, y, width, height, filled }) => ({ x, y, width, height, filled })), [
      { x: 30, y: 200, width: 200, height: 42, filled: false },
      { x: 250, y: 200, width: 200, height: 42, filled: true },
    ]);
  });

  test('an empty screen has none', () => assert.deepEqual(boxes(page(200, 100)), []));

  test('a crop is cut at the edges', () => {
    const picture = page(10, 10);
    picture.fill(8, 8, 2, 2, 0x010203);
    const part = crop(picture, 8, 8, 5, 5);
    assert.equal(part.width, 2);
    assert.deepEqual([...part.data.subarray(0, 3)], [1, 2, 3]);
  });
});

describe('lines', () => {
  test('past and future ones are found, and an end is an error', async () => {
    const stream = new PassThrough();
    const lines = new Lines(stream);
    stream.write('{"event":"one"}\nnoise\n');
    assert.equal((await lines.event('one')).event, 'one');
    const later = lines.event('two');
    stream.write('{"event":"tw');
    stream.write('o","n":2}\n');
    assert.equal((await later).n, 2);
    const never = assert.rejects(lines.event('three'), /ended before/);
    stream.end();
    await never;
  });
});

describe('a household', () => {
  const household = new Household();
  let display;
  before(async () => {
    display = await Display.open(household, { width: 320, height: 200, manager: false });
  });
  after(() => household.close());

  test('has a display that shows what is drawn on it', async () => {
    await display.run('xsetroot', ['-solid', '#123456']);
    const picture = await until('the colour', async () => {
      const now = await display.pixels();
      return now.data[0] === 0x12 ? now : undefined;
    });
    assert.equal(picture.data.length, 320 * 200 * 3);
    assert.deepEqual([...picture.data.subarray(-3)], [0x12, 0x34, 0x56]);
  });

  test('a display refuses who does not know its cookie', async () => {
    await assert.rejects(display.run('xsetroot', ['-solid', 'red'], { env: { XAUTHORITY: '/dev/null' } }));
  });

  test('leaves nothing behind', async () => {
    const inner = new Household();
    const shell = inner.start('shell', 'sh', ['-c', 'sleep 300 & echo "{\\"event\\":\\"started\\",\\"pid\\":$!}"; wait']);
    const { pid } = await shell.out.event('started');
    await inner.close();
    await until('the grandchild to be gone', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  });
});
