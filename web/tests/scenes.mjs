// Every page of a session in every state, for pictures and for checks that go over all of them.

const liveWith = (desktop) => async (page, mock, rights) => {
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await page.getByTestId('carrier').waitFor();
  mock.consent({ state: 'granted', rights, more: null });
  mock.frame(0, desktop);
  await page.waitForFunction(() => document.querySelector('[data-testid=screen]').width === 1280);
};

/** Each page's states: how to get there. `desktop` is what the customer's screen shows. */
export const scenes = (desktop) => {
  const live = liveWith(desktop);
  return {
    'sign-in': async (page, mock) => {
      mock.office.signedIn = null;
      await page.goto(mock.url);
      await page.getByTestId('sign-in').waitFor();
    },
    'sign-in-refused': async (page, mock) => {
      mock.office.signedIn = null;
      await page.goto(mock.url);
      await page.locator('[name=email]').fill('maria@nordlicht.example');
      await page.locator('[name=password]').fill('wrong');
      await page.getByTestId('sign-in').getByRole('button').click();
      await page.getByRole('alert').waitFor();
    },
    setup: async (page, mock) => {
      await page.goto(`${mock.url}/setup#token`);
      await page.getByTestId('set-up').waitFor();
    },
    'home-empty': async (page, mock) => {
      await page.goto(mock.url);
      await page.getByTestId('none-open').waitFor();
    },
    home: async (page, mock) => {
      mock.add('a', '482193', 'waiting');
      mock.add('b', '117720', 'live', { agent: 'office-14' });
      mock.add('c', '903211', 'interrupted', { agent: 'front desk laptop with a long name' });
      await page.goto(mock.url);
      await page.getByText('482 193 ····').waitFor();
    },
    waiting: async (page, mock) => {
      await page.goto(mock.url);
      await page.getByTestId('start-session').click();
      await page.getByTestId('session-code').waitFor();
    },
    joining: async (page, mock) => {
      mock.add('s1', '482193', 'claimed');
      await page.goto(`${mock.url}/#session=s1`);
      await page.locator('[data-stage=joining]').first().waitFor();
    },
    asking: async (page, mock) => {
      mock.add('s1', '482193', 'live', { agent: 'office-14' });
      await page.goto(`${mock.url}/#session=s1`);
      await page.getByTestId('carrier').waitFor();
      mock.consent({ state: 'asking', rights: ['view'] });
      await page.locator('[data-stage=asking]').first().waitFor();
    },
    'live-view': async (page, mock) => {
      await live(page, mock, ['view']);
      mock.control({ type: 'cursor', cursor: arrow() });
      mock.control({ type: 'cursor_at', x: 640, y: 300 });
      await page.waitForTimeout(2_300);
    },
    'live-control': async (page, mock) => {
      await live(page, mock, ['view']);
      mock.consent({ state: 'granted', rights: ['view', 'control'], more: null });
      await page.getByTestId('give-up-control').waitFor();
      await page.getByTestId('screen-surface').focus();
      await page.waitForTimeout(2_300);
    },
    'live-pointing': async (page, mock) => {
      await live(page, mock, ['view']);
      await page.getByTestId('pointing-open').click();
      await page.getByTestId('pointing-arrow').click();
      await page.getByTestId('pointing-layer').waitFor();
    },
    uncaptured: async (page, mock) => {
      await live(page, mock, ['view']);
      mock.control({ type: 'notice', notice: { kind: 'capture_failed', text: 'The desktop is away: it is locked, or asks for something itself. The picture comes back by itself.' } });
      await page.getByTestId('uncaptured').waitFor();
    },
    held: async (page, mock) => {
      await live(page, mock, ['view']);
      mock.consent({ state: 'held', rights: ['view'], holds: ['customer'] });
      await page.locator('[data-stage=held]').first().waitFor();
    },
    lost: async (page, mock) => {
      await live(page, mock, ['view']);
      mock.change('s1', { state: 'interrupted', participants: [{ id: 1, role: 'agent', name: 'office-14', organisation: '', connected: true, media: false, gone: false }] });
      await page.locator('[data-stage=lost]').first().waitFor();
    },
    'end-dialog': async (page, mock) => {
      await live(page, mock, ['view']);
      await page.getByTestId('end-session').click();
      await page.getByTestId('end-confirm').waitFor();
    },
    refused: async (page, mock) => {
      await live(page, mock, ['view']);
      mock.end('refused');
      await page.getByTestId('start-again').waitFor();
    },
    ended: async (page, mock) => {
      await live(page, mock, ['view']);
      await page.getByTestId('end-session').click();
      await page.getByTestId('end-confirm').click();
      await page.getByTestId('start-again').waitFor();
    },
    join: async (page, mock) => {
      await page.goto(`${mock.url}/join`);
      await page.getByTestId('join').waitFor();
    },
    'join-start': async (page, mock) => {
      await page.goto(`${mock.url}/join#4821935710`);
      await page.getByTestId('join').getByRole('button').click();
      await page.getByTestId('command').waitFor();
    },
    'join-download': async (page, mock) => {
      mock.downloads = DOWNLOADS;
      await page.goto(`${mock.url}/join#4821935710`);
      await page.getByTestId('join').getByRole('button').click();
      await page.getByTestId('facts').waitFor();
      await page.getByTestId('check').locator('summary').click();
      await page.getByTestId('others').locator('summary').click();
      await page.getByTestId('open').click();
      await page.getByTestId('start-link').waitFor();
    },
  };
};

function arrow() {
  const [width, height] = [12, 19];
  const rgba = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (x > y || (y > 13 && x > 4)) continue;
      const edge = x === 0 || x === y || y === height - 1;
      rgba.set(edge ? [0, 0, 0, 255] : [255, 255, 255, 255], (y * width + x) * 4);
    }
  return { width, height, hot_x: 0, hot_y: 0, rgba };
}

/** Releases of every kind. */
export const DOWNLOADS = [
  ['linux-x86_64-bin', 'farhand-agent_0.2.0_linux-x86_64', 17_301_504],
  ['linux-x86_64-deb', 'farhand-agent_0.2.0_amd64.deb', 9_306_112],
  ['macos-aarch64-pkg', 'farhand-agent-0.2.0-aarch64.pkg', 8_100_200],
  ['windows-x86_64-exe', 'farhand-agent-0.2.0.exe', 19_293_184],
  ['windows-x86_64-msi', 'farhand-agent-0.2.0.msi', 10_485_760],
].map(([target, file, size]) => ({ target, file, size, version: '0.2.0', sha256: '3b9f'.repeat(16) }));
