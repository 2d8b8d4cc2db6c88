// Every tool beside the picture, in the states in which people meet it, for pictures and for checks that go over all of them.

import { until } from './harness.mjs';

const TECHNICIAN = 2;
const COLLEAGUE = 5;
const LONG = 'Quarterly report with everything that the board asked for, second corrected version (final).docx';
const MB = 1_000_000;
const EVERYTHING = ['view', 'control', 'files', 'clipboard', 'diagnostics', 'shell'];

const SUMMARY = {
  at: 1_790_000_000_000, host: 'office-14', user: 'ada', system: 'Debian GNU/Linux 12 (bookworm)', kernel: '6.1.0-28-amd64', architecture: 'x86_64', model: 'Example Computers Workbench 14 Generation 3', desktop: 'Xfce', uptime: 190_000,
  processor: 'Example CPU 8 cores with a long name @ 3.60 GHz', cores: 8, load: 150, memory: 16_000_000_000, memory_used: 9_000_000_000, swap: 2_000_000_000, swap_used: 1_000_000,
  disks: [
    { name: '/dev/nvme0n1p2', mount: '/', kind: 'ext4', size: 500_000_000_000, free: 20_000_000_000 },
    { name: '/dev/sdb1', mount: '/media/ada/A stick with a rather long name', kind: 'vfat', size: 64_000_000_000, free: 48_000_000_000 },
  ],
  networks: [
    { name: 'enp0s31f6', mac: '02:00:00:00:00:01', addresses: ['192.0.2.7/24', '2001:db8:85a3::8a2e:370:7334/64'], received: 1_048_576_000, sent: 10_485_760 },
    { name: 'wlp4s0', mac: '02:00:00:00:00:02', addresses: [], received: 0, sent: 0 },
  ],
  security: [{ name: 'nftables', kind: 'firewall', active: true }, { name: 'clamd', kind: 'antivirus', active: false }],
};
const process = (pid, name, more = {}) => ({ pid, parent: 1, name, user: 'ada', own: true, cpu: pid % 97, memory: pid * 1_000_000, started: 5, command: `/usr/bin/${name} --with some --arguments`, ...more });
const ROWS = {
  summary: { topic: 'summary', summary: SUMMARY },
  processes: { topic: 'processes', rows: [process(2211, 'firefox-esr'), process(2307, 'a-program-with-a-name-that-is-rather-long'), process(1, 'init', { own: false, user: 'root' }), process(4000, 'xfce4-terminal')] },
  services: {
    topic: 'services',
    rows: [
      { name: 'cups.service', description: 'CUPS Scheduler', state: 'active', detail: 'running' },
      { name: 'systemd-networkd-wait-online.service', description: 'Wait for Network to be Configured', state: 'failed', detail: 'failed' },
      { name: 'ssh.service', description: 'OpenBSD Secure Shell server', state: 'inactive', detail: 'dead' },
    ],
  },
  log: {
    topic: 'log',
    rows: [
      { at: 1_790_000_000_000, priority: 3, unit: 'cups.service', message: 'The printer "Brother HL-L2350DW" is not responding: unable to connect to backend at /usr/lib/cups/backend/ipp' },
      { at: 1_790_000_001_000, priority: 4, unit: 'kernel', message: 'usb 1-4: device descriptor read/64, error -71' },
      { at: 1_790_000_002_000, priority: 6, unit: 'NetworkManager.service', message: '<info> [1790000002.0001] device (wlp4s0): state change: disconnected -> prepare' },
    ],
    place: 's=1',
  },
  software: { topic: 'software', rows: [{ name: 'bash', version: '5.2.15-2+b7', architecture: 'amd64', size: 7_000_000 }, { name: 'libreoffice-help-common-with-a-long-name', version: '4:7.4.7-1+deb12u5', architecture: 'all', size: 0 }] },
};

/** A session whose ends are sealed and whose picture stands: a new one, or the one that stands already. */
export const live = (desktop) => async (page, mock, rights = EVERYTHING) => {
  if (mock.told.includes('sealed')) return;
  mock.secretOf = (key) => page.evaluate((key) => localStorage.getItem(key), key);
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await until('the ends to be sealed', () => mock.told.includes('sealed'));
  mock.consent({ state: 'granted', rights, more: null });
  mock.frame(0, desktop);
  await page.waitForFunction((width) => document.querySelector('[data-testid=screen]')?.width === width, desktop.width);
};

/** Who has an answer to what is fetched. */
const answered = new WeakSet();

/** Answers what is fetched, as an agent would, as long as the page is there. */
function answering(page, mock, answer) {
  if (answered.has(mock)) return;
  answered.add(mock);
  let done = 0;
  const timer = setInterval(() => {
    for (const said of mock.said('diagnostics').slice(done)) {
      done += 1;
      answer(said);
    }
  }, 10);
  page.on('close', () => clearInterval(timer));
}

const rows = (mock) => (said) => {
  if (said.type === 'fetch') mock.diagnostics({ type: 'rows', request: said.request, rows: ROWS[said.topic.topic], more: false, cut: false });
};

const line = (number, text, more = {}) => ({ number, id: `i${number}`, name: '', text, age_ms: 60_000, ...more });
const TALK = [
  line(1, 'My printer blinks, and nothing comes out of it since this morning.'),
  line(2, 'I had a look. Please read https://help.nordlicht.example/printers/brother/hl-l2350dw/what-the-lights-mean while I restart it.', { from: TECHNICIAN, name: 'Maria Sommer' }),
  line(3, 'I can help too.', { from: COLLEAGUE, name: 'Jonas Bartholomäus-Winterfeld' }),
  line(4, 'Thank you! Averylongwordwithoutanyspaceinitthatnobodywouldeverwriteexceptsomebodywhowantstobreakthelayout'),
];

export function toolScenes(desktop) {
  const stand = live(desktop);
  const open = (tool, rights, more = async () => {}) => async (page, mock) => {
    await stand(page, mock, rights);
    await page.getByTestId(`open-${tool}`).click();
    await page.getByTestId(`tool-${tool}`).waitFor();
    await more(page, mock);
  };
  const topic = (name) => async (page, mock) => {
    if ((await page.getByTestId('tool-diagnostics').count()) === 0) await summary(page, mock);
    if (name === 'summary') return;
    await page.locator(`[id$="-${name}"][role=tab]`).click();
    await page.locator(`[data-testid=diagnostics-${name}][data-ready=true]`).waitFor();
  };
  const summary = open('diagnostics', EVERYTHING, async (page, mock) => {
    answering(page, mock, rows(mock));
    await page.locator('[data-testid=diagnostics-summary][data-ready=true]').waitFor();
  });
  const talk = async (page, mock) => {
    mock.chat({ type: 'history', lines: TALK, last: true });
    await page.getByTestId('chat-line').nth(3).waitFor();
  };
  const give = async (page, mock) => {
    const files = [LONG, 'photo.jpg', 'driver.deb', 'notes.txt', 'drawing.svg'].map((name) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(name === 'photo.jpg' ? MB : 2_000, 7) }));
    await page.getByTestId('files-input').setInputFiles(files);
    const offers = () => mock.said('files').filter(({ type }) => type === 'offer');
    await until('the offers', () => offers().length >= 2);
    const seen = new Set();
    const answers = [
      ({ transfer }) => mock.files({ type: 'asking', transfer }),
      ({ transfer, size }) => mock.files({ type: 'ready', transfer, name: 'photo.jpg', size, offset: 0, until: 300_000 }),
      ({ transfer }) => mock.files({ type: 'stop', transfer, why: 'disk_full' }),
      ({ transfer }) => mock.files({ type: 'stop', transfer, why: 'refused' }),
    ];
    await until('all answers', () => {
      for (const offer of offers()) {
        if (seen.has(offer.transfer)) continue;
        const answer = answers[seen.size];
        seen.add(offer.transfer);
        answer?.(offer);
      }
      return seen.size >= Math.min(3, answers.length);
    });
    await page.locator('[data-testid=transfer][data-state=waits]').waitFor();
    await page.locator('[data-testid=transfer][data-state=flows]').waitFor();
    await page.locator('[data-testid=transfer][data-state=over]').first().waitFor();
  };
  const browse = async (page, mock) => {
    await page.getByTestId('browse').click();
    const asked = await until('the question', () => mock.said('files').find(({ type }) => type === 'list'));
    const entries = [
      { name: 'Pictures', kind: 'folder', size: 0, changed: 1_789_000_000 },
      { name: 'A folder whose name is rather long and does not fit into one line of the panel', kind: 'folder', size: 0, changed: 0 },
      { name: LONG, kind: 'file', size: 12_345_678, changed: 1_789_000_000 },
      { name: 'letter.txt', kind: 'file', size: 900, changed: 1_789_000_000 },
      { name: 'socket', kind: 'other', size: 0, changed: 0 },
    ];
    mock.files({ type: 'listing', list: asked.list, path: '/home/ada/Documents/A long way down into the folders', parent: '/home/ada/Documents', entries, more: false, cut: false });
    await page.getByTestId('entry').nth(4).waitFor();
    await page.getByTestId('entry').nth(3).locator('input').check();
  };
  const colleague = { id: COLLEAGUE, role: 'technician', name: 'Jonas Bartholomäus-Winterfeld', organisation: 'Nordlicht IT', connected: true, media: true, gone: false };

  return {
    'tool-chat': open('chat', ['view'], async (page, mock) => {
      await talk(page, mock);
      await page.getByTestId('chat-text').fill('I am restarting it now.');
      mock.chat({ type: 'typing' });
    }),
    'tool-chat-empty': open('chat', ['view']),
    'tool-chat-replies': open('chat', ['view'], async (page, mock) => {
      await talk(page, mock);
      await page.getByTestId('choose-reply').click();
      await page.getByTestId('reply').first().waitFor();
    }),
    'tool-chat-over': open('chat', ['view'], async (page, mock) => {
      await talk(page, mock);
      mock.end('customer');
      await page.getByTestId('start-again').waitFor();
    }),
    'tool-files-ask': open('files', ['view']),
    'tool-files-asked': open('files', ['view'], async (page, mock) => {
      await page.getByTestId('ask-files').click();
      mock.consent({ state: 'granted', rights: ['view'], more: ['files'] });
      await page.locator('[data-testid=ask-files][aria-busy=true]').waitFor();
    }),
    'tool-files': open('files', EVERYTHING),
    'tool-files-going': open('files', EVERYTHING, give),
    'tool-files-browse': open('files', EVERYTHING, browse),
    'tool-files-refused': open('files', EVERYTHING, async (page, mock) => {
      await page.getByTestId('browse').click();
      const asked = await until('the question', () => mock.said('files').find(({ type }) => type === 'list'));
      mock.files({ type: 'list_refused', list: asked.list, why: 'refused' });
      await page.locator('[data-testid=folder-state][data-state=refused]').waitFor();
    }),
    'tool-clipboard-ask': open('clipboard', ['view']),
    'tool-clipboard': open('clipboard', EVERYTHING, async (page) => {
      for (const box of ['clipboard-to', 'clipboard-from']) {
        const toggle = page.locator(`[data-testid=${box}]`);
        if (!(await toggle.isChecked())) await toggle.click();
      }
      await page.getByTestId('clipboard-give').click();
      await page.locator('[data-testid=clipboard-to-said]:not([data-state=idle]):not([data-state=asking])').waitFor();
    }),
    'tool-diagnostics-ask': open('diagnostics', ['view']),
    'tool-diagnostics-summary': topic('summary'),
    'tool-diagnostics-processes': topic('processes'),
    'tool-diagnostics-services': topic('services'),
    'tool-diagnostics-log': topic('log'),
    'tool-diagnostics-software': topic('software'),
    'tool-diagnostics-end': async (page, mock) => {
      await topic('processes')(page, mock);
      await page.getByTestId('end-2211').click();
      await page.getByTestId('diagnostics-confirm').waitFor();
    },
    'tool-diagnostics-withdrawn': async (page, mock) => {
      await topic('summary')(page, mock);
      mock.consent({ state: 'granted', rights: ['view'], more: null });
      await page.getByTestId('ask-diagnostics').waitFor();
    },
    'tool-shell-ask': open('shell', ['view']),
    'tool-shell-ready': open('shell', EVERYTHING),
    'tool-shell': open('shell', EVERYTHING, async (page, mock) => {
      await page.getByTestId('shell-open').click();
      await until('it to be opened', () => mock.said('diagnostics').some(({ type }) => type === 'shell_open'));
      mock.diagnostics({ type: 'shell_opened', shell: 1, program: '/bin/bash', user: 'ada', taken: 0, received: 0 });
      await page.locator('[data-testid=shell-stage][data-stage=open]').waitFor();
      const text = '\x1b[32mada@office-14\x1b[0m:\x1b[34m~\x1b[0m$ ls -l\r\ntotal 8\r\n-rw-r--r-- 1 ada ada 4096 Sep 20 08:13 \x1b[31mletter.txt\x1b[0m\r\n\x1b[32mada@office-14\x1b[0m:\x1b[34m~\x1b[0m$ ';
      mock.diagnostics({ type: 'shell_output', shell: 1, at: 0, data: new Uint8Array(Buffer.from(text)) });
      await until('the text', async () => (await page.locator('.xterm-rows').innerText()).includes('letter.txt'));
    }),
    'tool-together': async (page, mock) => {
      mock.colleagues = [{ id: 'u7', name: 'Jonas Bartholomäus-Winterfeld', online: true }, { id: 'u8', name: 'Ada Lang', online: true }, { id: 'u9', name: 'Tom Trainee', online: false }];
      await open('together', EVERYTHING)(page, mock);
      await page.locator('[data-testid=colleague] option').nth(1).waitFor({ state: 'attached' });
    },
    'tool-together-invited': async (page, mock) => {
      mock.colleagues = [{ id: 'u7', name: colleague.name, online: true }, { id: 'u8', name: 'Ada Lang', online: true }];
      await open('together', EVERYTHING)(page, mock);
      await page.locator('[data-testid=colleague] option').nth(1).waitFor({ state: 'attached' });
      await page.getByTestId('invite').click();
      await until('the invitation', () => mock.said('control').some(({ type }) => type === 'together'));
      const agent = { id: 1, role: 'agent', name: 'office-14', organisation: '', connected: true, media: true, gone: false };
      mock.change('s1', { participants: [agent, { ...colleague, connected: false, media: false }, { ...colleague, id: 6, name: 'Ada Lang' }] });
      mock.control({ type: 'together', message: { type: 'rights', to: 6, snapshot: { revision: 1, state: 'granted', rights: ['view'], more: null } } });
      await page.getByTestId('colleague-digits').waitFor();
    },
    'tool-together-nobody': open('together', EVERYTHING),
    'tool-quality': open('quality', EVERYTHING),
    'tool-note': open('note', EVERYTHING, async (page) => {
      await page.getByTestId('note-text').fill('Printer: new cable.');
    }),
    'bar-asked': async (page, mock) => {
      await stand(page, mock, ['view']);
      await page.getByTestId('ask-control').click();
      mock.consent({ state: 'granted', rights: ['view'], more: ['control'] });
      await page.locator('[data-testid=ask-control][aria-busy=true]').waitFor();
    },
    'bar-keys': async (page, mock) => {
      await stand(page, mock);
      await page.getByTestId('keys-menu').click();
      await page.getByTestId('keys-type').waitFor();
    },
    'bar-type': async (page, mock) => {
      await stand(page, mock);
      await page.getByTestId('keys-menu').click();
      await page.getByTestId('keys-type').click();
      await page.getByRole('dialog').locator('textarea').fill('sudo systemctl restart cups\n');
    },
    'bar-monitors': async (page, mock) => {
      await stand(page, mock);
      const list = [
        { id: 7, name: 'eDP-1', area: { x: 0, y: 0, width: 640, height: 400 }, scale: 100, primary: true },
        { id: 9, name: 'HDMI-1', area: { x: 640, y: 0, width: 640, height: 400 }, scale: 150, primary: false },
      ];
      mock.control({ type: 'monitors', monitors: { share: { what: 'everything' }, list, choice: { show: 'all' }, area: { x: 0, y: 0, width: desktop.width, height: desktop.height }, hidden: 1, paused: false } });
      await page.getByTestId('monitors-menu').click();
      await page.getByTestId('monitor-all').waitFor();
    },
    'bar-zoom': async (page, mock) => {
      await stand(page, mock);
      await page.getByTestId('zoom-menu').click();
      await page.getByRole('menu').waitFor();
    },
    'bar-pointing': async (page, mock) => {
      await stand(page, mock, ['view']);
      await page.getByTestId('pointing-open').click();
      await page.getByTestId('pointing-arrow').click();
      await page.getByTestId('pointing-layer').waitFor();
    },
    'bar-pointing-tool': async (page, mock) => {
      await stand(page, mock, ['view']);
      await page.getByTestId('pointing-open').click();
      await page.getByTestId('open-note').click();
      await page.getByTestId('note-text').waitFor();
    },
    'bar-toast': async (page, mock) => {
      await stand(page, mock, ['view', 'control']);
      mock.consent({ state: 'granted', rights: ['view'], more: null });
      await page.getByTestId('ask-control').waitFor();
    },
    'card-held': async (page, mock) => {
      await stand(page, mock, ['view', 'control']);
      mock.consent({ state: 'held', rights: ['view', 'control'], holds: ['customer'] });
      await page.locator('[data-testid=stage-card][data-stage=held]').waitFor();
    },
    'card-lost': async (page, mock) => {
      await stand(page, mock, ['view', 'control']);
      mock.change('s1', { state: 'interrupted', participants: [{ id: 1, role: 'agent', name: 'office-14', organisation: '', connected: false, media: false, gone: false }] });
      await page.locator('[data-testid=stage-card][data-stage=lost]').waitFor();
    },
    'card-ready': async (page, mock) => {
      await stand(page, mock, ['view']);
      mock.consent({ state: 'fresh' });
      await page.getByTestId('ask-view').waitFor();
    },
    'card-wrong-code': async (page, mock) => {
      let tries = 0;
      mock.mistype = (digits) => (tries++ < 9 ? String((Number(digits) + 1) % 10_000).padStart(4, '0') : digits);
      mock.secretOf = (key) => page.evaluate((key) => localStorage.getItem(key), key);
      mock.add('s1', '482193', 'live', { agent: 'office-14' });
      await page.goto(`${mock.url}/#session=s1`);
      await page.getByTestId('wrong-try').waitFor();
    },
    ...Object.fromEntries(
      ['customer', 'technician', 'refused', 'blocked', 'lost'].map((why) => [
        `card-ended-${why}`,
        async (page, mock) => {
          await stand(page, mock, ['view']);
          mock.end(why);
          await page.getByTestId('stage-card').getByTestId('note-form').waitFor();
        },
      ]),
    ),
  };
}
