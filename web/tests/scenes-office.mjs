// Every page of the administration and of one's account, likewise.

import { PASSWORD, TOTP } from './office.mjs';

const at = (hash, testid) => async (page, mock) => {
  await page.goto(`${mock.url}/${hash}`);
  await page.getByTestId(testid).first().waitFor();
};

const second = (methods) => async (page, mock) => {
  mock.office.signedIn = null;
  mock.office.secondFactor = methods;
  await page.goto(mock.url);
  await page.locator('[name=email]').fill('maria@nordlicht.example');
  await page.locator('[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByTestId('second').waitFor();
};

const mustAdd = async (page, mock) => {
  mock.office.mustAdd = true;
  mock.office.state.methods = { passkeys: [], recovery_codes: 0, demanded: true };
  await page.goto(mock.url);
  await page.getByTestId('must-add').waitFor();
};

/** A session whose two ends are sealed, with something said; `more` goes on from there. */
const talking = (more = async () => {}) => async (page, mock) => {
  mock.secretOf = (key) => page.evaluate((key) => localStorage.getItem(key), key);
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await page.getByTestId('open-chat').click();
  const line = (number, text, more = {}) => ({ number, id: `i${number}`, name: '', text, age_ms: 60_000, ...more });
  const lines = [line(1, 'My printer blinks.'), line(2, 'See https://help.nordlicht.example/printer please.', { from: 2, name: 'Maria' }), line(3, 'I can help too.', { from: 5, name: 'Jonas' })];
  mock.chat({ type: 'history', lines, last: true });
  await page.getByTestId('chat-line').nth(2).waitFor();
  await more(page, mock);
};

const opened = (hash, testid, button, dialog) => async (page, mock) => {
  await at(hash, testid)(page, mock);
  await button(page).click();
  await page.getByTestId(dialog).waitFor();
};

export const officeScenes = {
  second: second(['totp', 'recovery']),
  'second-passkey': second(['passkey', 'totp', 'recovery']),
  forgot: async (page, mock) => {
    mock.office.signedIn = null;
    await at('#/forgot', 'forgot')(page, mock);
  },
  invitation: async (page, mock) => {
    mock.office.signedIn = null;
    await at('invitation#token', 'accept')(page, mock);
  },
  'invitation-gone': async (page, mock) => {
    await page.goto(`${mock.url}/invitation#gone`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  },
  reset: at('reset#token', 'reset'),
  'must-add': mustAdd,
  'must-add-totp': async (page, mock) => {
    await mustAdd(page, mock);
    await page.getByTestId('add-totp').click();
    await page.locator('[name=password]').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByTestId('qr').waitFor();
  },
  'must-add-codes': async (page, mock) => {
    await officeScenes['must-add-totp'](page, mock);
    await page.getByTestId('totp-code').fill(TOTP);
    await page.getByTestId('recovery-codes').waitFor();
  },
  account: at('#/account', 'profile'),
  'account-methods': at('#/account/methods', 'passkeys'),
  'account-signins': at('#/account/signins', 'sign-ins'),
  people: at('#/people', 'people'),
  'people-menu': async (page, mock) => {
    await at('#/people', 'people')(page, mock);
    await page.getByTestId('person-menu').nth(1).click();
    await page.getByRole('menu').waitFor();
  },
  'people-invite': opened('#/people', 'people', (page) => page.getByTestId('invite'), 'invite-dialog'),
  'people-remove': async (page, mock) => {
    await officeScenes['people-menu'](page, mock);
    await page.getByTestId('remove').click();
    await page.getByTestId('remove-dialog').waitFor();
  },
  person: at('#/people/u4', 'person'),
  groups: at('#/groups', 'groups'),
  group: at('#/groups/g1', 'group'),
  organisation: at('#/organisation', 'organisation'),
  'organisation-domain': async (page, mock) => {
    mock.office.state.organisation.domain = {
      name: 'nordlicht.example',
      txt_name: '_farhand.nordlicht.example',
      value: 'farhand-verification=Zk3vQ8sN1xT5uW7y',
      file_url: 'https://nordlicht.example/.well-known/farhand.txt',
      problem: 'no_record',
    };
    await at('#/organisation/domain', 'check-domain')(page, mock);
  },
  'organisation-domain-lost': async (page, mock) => {
    mock.office.state.organisation.domain = {
      name: 'nordlicht.example',
      txt_name: '_farhand.nordlicht.example',
      value: 'farhand-verification=Zk3vQ8sN1xT5uW7y',
      file_url: 'https://nordlicht.example/.well-known/farhand.txt',
      verified_at: mock.office.now - 90 * 86_400_000,
      shown_until: mock.office.now + 5 * 86_400_000,
      problem: 'nothing',
    };
    await at('#/organisation/domain', 'check-domain')(page, mock);
  },
  'organisation-signin': at('#/organisation/signin', 'demand'),
  'organisation-mail': at('#/organisation/mail', 'outbox'),
  'organisation-alerts': at('#/organisation/alerts', 'alerts'),
  'organisation-windows': at('#/organisation/windows', 'windows'),
  replies: at('#/replies', 'replies'),
  'replies-new': opened('#/replies', 'replies', (page) => page.getByTestId('new-reply'), 'reply-dialog'),
  chat: talking(),
  'chat-replies': talking(async (page) => {
    await page.getByTestId('choose-reply').click();
    await page.getByTestId('reply').first().waitFor();
  }),
  note: talking(async (page, mock) => {
    await page.getByTestId('tool-close').click();
    mock.end('technician');
    await page.getByTestId('stage-card').getByTestId('note-form').waitFor();
  }),
  keys: at('#/keys', 'keys'),
  'keys-new': opened('#/keys', 'keys', (page) => page.getByTestId('new-key'), 'key-dialog'),
  sessions: at('#/sessions', 'sessions'),
  reports: at('#/reports', 'figures'),
  audit: at('#/audit', 'audit'),
  'audit-entry': opened('#/audit', 'audit', (page) => page.getByRole('button', { name: /^(Details of|Einzelheiten zu)/ }).first(), 'audit-entry'),
  data: at('#/data', 'deletions'),
  navigation: async (page, mock) => {
    await at('#/people', 'people')(page, mock);
    const open = page.getByTestId('open-navigation');
    if (await open.isVisible()) await open.click();
    else await page.getByTestId('account-menu').last().click();
  },
};
