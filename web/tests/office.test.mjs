// The administration as a help-desk manager uses it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asked, becomes, until, useChromium, withPage } from './harness.mjs';

useChromium();

const technician = (mock) => {
  mock.office.signedIn = 'u2';
};
const names = (page) => page.getByTestId('people').locator('tbody strong').allInnerTexts();
const menuOf = (page, name) => page.getByRole('button', { name: `Actions for ${name}` });

describe('people', () => {
  it('are found, and a reload shows the same', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await page.getByRole('searchbox').fill('de');
      await until('one person', async () => (await names(page)).length === 2);
      await page.getByRole('search').getByLabel('Group').selectOption('g1');
      await until('the filter', async () => (await names(page)).length === 1);
      await page.reload();
      await page.getByTestId('people').waitFor();
      assert.deepEqual(await names(page), ['Aylin Demir']);
      await becomes(() => page.getByRole('searchbox').inputValue(), 'de');
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await until('everybody', async () => (await names(page)).length === 5);
    }));

  it('are sorted by what is clicked, and a screen reader is told', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      const head = page.getByRole('columnheader', { name: 'Name' });
      await becomes(() => head.getAttribute('aria-sort'), 'ascending');
      await head.getByRole('button').click();
      await becomes(() => head.getAttribute('aria-sort'), 'descending');
      assert.equal((await names(page))[0], 'Piotr Nowak');
    }));

  it('are locked with a way back', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await menuOf(page, 'Jonas Petersen').click();
      await page.getByTestId('lock').click();
      const row = page.getByRole('row', { name: /Jonas Petersen/ });
      await row.getByTestId('state-locked').waitFor();
      await page.getByRole('button', { name: 'Undo' }).click();
      await row.getByTestId('state-active').waitFor();
      assert.deepEqual(asked(mock, 'PATCH /people/u2').map(({ body }) => body.locked), [true, false]);
    }));

  it('are removed only after their name is typed', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await menuOf(page, 'Aylin Demir').click();
      await page.getByTestId('remove').click();
      const dialog = page.getByTestId('remove-dialog');
      await becomes(() => dialog.getByTestId('confirm-act').isDisabled(), true);
      await dialog.locator('[name=confirm]').fill('Aylin');
      await becomes(() => dialog.getByTestId('confirm-act').isDisabled(), true);
      await page.keyboard.press('Enter');
      assert.equal(asked(mock, 'DELETE /people/u3').length, 0);
      await dialog.locator('[name=confirm]').fill('Aylin Demir');
      await page.keyboard.press('Enter');
      await page.getByText('Aylin Demir was removed.').waitFor();
      await until('the row to go', async () => !(await names(page)).includes('Aylin Demir'));
    }));

  it('are invited, and what is wrong with it is said in the form', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await page.getByTestId('invite').click();
      const dialog = page.getByTestId('invite-dialog');
      await dialog.locator('[name=email]').fill('jonas@nordlicht.example');
      await dialog.getByTestId('send-invitation').click();
      await dialog.getByRole('alert').getByText('There is already an account').waitFor();
      await dialog.locator('[name=email]').fill('new@nordlicht.example');
      await dialog.locator('[name=role]').selectOption('administrator');
      await dialog.locator('[name=group]').selectOption('g2');
      await dialog.getByTestId('send-invitation').click();
      await page.getByTestId('invitations').getByText('new@nordlicht.example').waitFor();
      assert.deepEqual(asked(mock, 'POST /invitations').at(-1).body, { email: 'new@nordlicht.example', name: '', role: 'administrator', group: 'g2' });
    }));

  it('cannot lock, remove or demote themselves here', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await menuOf(page, 'Maria Hofmann').click();
      await becomes(async () => (await page.getByRole('menuitem').allInnerTexts()).join(), 'Open');
      await page.getByRole('menuitem').click();
      await page.getByTestId('person').waitFor();
      await becomes(() => page.getByTestId('remove').count(), 0);
      await becomes(() => page.locator('[name=role]').isDisabled(), true);
    }));

  it('with markup for a name are text', () =>
    withPage(
      async (page, mock) => {
        await page.goto(`${mock.url}/#/people`);
        await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
        assert.equal(await page.locator('img[src=x]').count(), 0);
      },
      (mock) => {
        mock.office.state.people[1].name = '<img src=x onerror=alert(1)>';
      },
    ));
});

describe('a technician', () => {
  it('sees their own sessions and account, and is told that the rest is for administrators', () =>
    withPage(async (page, mock) => {
      await page.goto(mock.url);
      await page.getByTestId('start-session').waitFor();
      await becomes(() => page.getByTestId('nav-people').count(), 0);
      await page.getByTestId('nav-sessions').first().click();
      await page.getByTestId('sessions').waitFor();
      await page.goto(`${mock.url}/#/audit`);
      await page.getByRole('heading', { name: 'For administrators' }).waitFor();
      assert.equal(asked(mock, 'GET /audit').length, 0);
    }, technician));
});

describe('groups', () => {
  it('hold rights that belong together, limits and address ranges', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/groups`);
      await page.getByTestId('new-group').click();
      const form = page.getByTestId('group');
      await form.locator('[name=name]').fill('Night shift');
      for (const right of ['view', 'files', 'clipboard', 'diagnostics', 'shell', 'camera', 'microphone', 'unattended', 'record']) await form.locator(`[name=${right}]`).uncheck();
      await becomes(() => form.locator('[name=control]').isChecked(), false);
      await form.locator('[name=control]').check();
      await becomes(() => form.locator('[name=view]').isChecked(), true);
      await form.locator('[name=session]').fill('45');
      await page.getByRole('switch').click();
      await form.locator('[name=addresses]').fill('everywhere');
      await form.getByRole('button', { name: 'Create group' }).click();
      await page.getByRole('alert').getByText('a range that is no address range').waitFor();
      await form.locator('[name=addresses]').fill('192.0.2.0/24, 2001:db8::/32');
      await form.getByRole('button', { name: 'Create group' }).click();
      await page.getByTestId('groups').getByText('Night shift').waitFor();
      assert.deepEqual(asked(mock, 'POST /groups').at(-1).body, {
        name: 'Night shift',
        policy: { rights: ['view', 'control'], session_minutes: 45, recorded: true, addresses: ['192.0.2.0/24', '2001:db8::/32'] },
      });
    }));

  it('are removed, and say what that means for their people', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/groups/g1`);
      await page.getByRole('button', { name: 'Remove group' }).click();
      await page.getByText('2 people are in this group.').waitFor();
      await page.getByTestId('confirm-act').click();
      await page.getByTestId('groups').waitFor();
      await becomes(() => page.getByTestId('groups').getByText('First level').count(), 0);
    }));
});

describe('the organisation', () => {
  it('proves its domain, and is told what is missing', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/organisation/domain`);
      await page.locator('[name=domain]').fill('https://nordlicht');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('This is not a domain.').waitFor();
      await page.locator('[name=domain]').fill('nordlicht.example');
      await page.keyboard.press('Enter');
      await page.getByText('_farhand.nordlicht.example').waitFor();
      await page.getByTestId('check-domain').click();
      await page.getByText('There is no such DNS record yet.').waitFor();
      mock.office.domainFound = true;
      await page.getByTestId('check-domain').click();
      await page.getByText('Proven on').waitFor();
    }));

  it('hears that the proof of its domain is missing, until when it is shown, and what to put back', () =>
    withPage(async (page, mock) => {
      const day = 86_400_000;
      const domain = { name: 'nordlicht.example', txt_name: '_farhand.nordlicht.example', value: 'farhand-verification=Zk3vQ8sN1xT5uW7y', file_url: 'https://nordlicht.example/.well-known/farhand.txt', verified_at: mock.office.now - 90 * day };
      mock.office.state.organisation.domain = domain;
      await page.goto(`${mock.url}/#/organisation/domain`);
      await page.getByText('The proof is looked for each day.').waitFor();
      await becomes(() => page.getByText(domain.txt_name).count(), 0);
      await page.getByTestId('show-proof').click();
      await page.getByText(domain.txt_name).waitFor();
      mock.office.state.organisation.domain = { ...domain, problem: 'nothing', shown_until: mock.office.now + 5 * day };
      await page.reload();
      await page.getByText('The proof is missing').waitFor();
      await page.getByText('Neither the DNS record nor the file is there. Customers see the domain until').waitFor();
      await page.getByText(domain.value).first().waitFor();
      mock.office.domainFound = true;
      await page.getByTestId('check-domain').click();
      await page.getByText('The proof is missing').waitFor({ state: 'detached' });
    }));

  it('demands two methods after a look at who that keeps out', () =>
    withPage(async (page, mock) => {
      mock.office.failing.set('PATCH /organisation', { status: 409, body: { code: 'own_method_first', message: 'First.' } });
      await page.goto(`${mock.url}/#/organisation/signin`);
      await page.getByText('2 people have a password only').waitFor();
      await page.getByTestId('demand').click();
      await page.getByTestId('confirm-act').click();
      await page.getByRole('alert').getByText('Add a second method to your own account first').waitFor();
      await page.getByTestId('confirm-act').click();
      await page.getByText('Everybody must have two methods to sign in.').waitFor();
      await page.getByRole('radio', { name: /Long/ }).check();
      await until('the rule', () => mock.office.state.organisation.password_rule === 'nist');
    }));

  it('shows its logo, and takes no picture that is too large', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/organisation`);
      const file = page.getByTestId('logo-file');
      await file.setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: Buffer.alloc(70_000) });
      await page.getByRole('alert').getByText('at most 64 KB').waitFor();
      assert.equal(asked(mock, 'PUT /organisation/logo').length, 0);
      const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
      await file.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png });
      await page.getByTestId('logo').waitFor();
      await until('the picture', () => page.getByTestId('logo').evaluate((picture) => picture.naturalWidth === 1));
      assert.deepEqual(mock.office.logo, png);
    }));

  it('reads mail that cannot be sent, to hand its link on', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/organisation/mail`);
      await page.getByText('The service sends no e-mail').waitFor();
      await page.getByTestId('read-mail').first().click();
      assert.match(await page.getByTestId('mail-text').innerText(), /https:\/\/help\.nordlicht\.example\/invitation#mF0tK3n/);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('The e-mail will be sent again.').waitFor();
    }));
});

describe('the audit log', () => {
  it('is read page by page, and narrowed down', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/audit`);
      const rows = page.getByTestId('audit').locator('tbody tr');
      await until('the first page', async () => (await rows.count()) === 25);
      await page.getByTestId('page-next').click();
      await page.getByText('Page 2').waitFor();
      assert.ok(asked(mock, 'GET /audit').at(-1).query.before);
      await page.getByLabel('Security events only').check();
      await until('the filter', async () => (await page.getByText('Page 2').count()) === 0 && (await rows.count()) === 20);
      assert.equal(asked(mock, 'GET /audit').at(-1).query.security, 'true');
      assert.match(page.url(), /security=true/);
      await rows.first().getByRole('button').click();
      await page.getByTestId('audit-entry').getByText('Origin https://evil.example').waitFor();
    }));

  it('says whether its chain is whole', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/audit`);
      await page.getByTestId('verify').click();
      await page.getByText('120 entries were read. Nothing was changed').waitFor();
      mock.office.brokenAt = '99942';
      await page.getByTestId('verify').click();
      await page.getByRole('alert').getByText('The chain breaks at entry 99942.').waitFor();
    }));

  it('is saved as JSON lines', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/audit?from=2026-01-01`);
      const saved = page.waitForEvent('download');
      await page.getByTestId('export-audit').click();
      assert.equal((await saved).suggestedFilename(), 'audit.jsonl');
      assert.ok(Number(asked(mock, 'GET /audit/export')[0].query.from) > 0);
    }));
});

describe('sessions and reports', () => {
  it('are searched, and one is deleted after the organisation’s name is typed', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/sessions?outcome=refused`);
      await page.getByTestId('sessions').waitFor();
      await page.getByRole('searchbox').fill('aylin');
      await until('the search', () => asked(mock, 'GET /history').at(-1).query.search === 'aylin');
      assert.equal(asked(mock, 'GET /history').at(-1).query.outcome, 'refused');
      await page.getByRole('button', { name: /^Actions for the session/ }).first().click();
      await page.getByRole('menuitem', { name: 'Delete content' }).click();
      await page.locator('[name=confirm]').fill('Nordlicht IT');
      await page.getByTestId('confirm-act').click();
      await page.getByText('The session’s content was deleted.'.replace('’', "'")).waitFor();
      assert.equal(asked(mock, 'POST /data/deletion')[0].body.confirm, 'Nordlicht IT');
    }));

  it('sum up the same in figures, chart and table', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/reports`);
      const total = Number(await page.getByTestId('figures').locator('dd').first().innerText());
      assert.ok(total > 0);
      await page.getByText('Show as a table').click();
      const days = await page.locator('details tbody td').allInnerTexts();
      assert.equal(days.length, 30);
      assert.equal(days.reduce((sum, text) => sum + Number.parseInt(text, 10), 0), total);
      const cells = await page.getByTestId('by-technician').locator('tbody td:nth-child(2)').allInnerTexts();
      assert.equal(cells.reduce((sum, text) => sum + Number(text), 0), total);
      await page.getByRole('combobox', { name: 'Period' }).selectOption('7');
      await until('fewer days', async () => (await page.locator('details tbody td').count()) === 7);
      const saved = page.waitForEvent('download');
      await page.getByTestId('report-csv').click();
      assert.match((await saved).suggestedFilename(), /^report-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
    }));
});

describe('data', () => {
  it('is kept as long as is said, and deleted with a confirmation to keep', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/data`);
      await page.locator('[name=days]').fill('30');
      await page.keyboard.press('Enter');
      await until('the retention', () => mock.office.state.data.retention_days === 30);
      await page.locator('[name=days]').fill('');
      await page.keyboard.press('Enter');
      await until('no retention', () => mock.office.state.data.retention_days === null);
      await page.getByTestId('delete-data').click();
      await page.locator('[name=confirm]').fill('Nordlicht IT');
      await page.getByTestId('confirm-act').click();
      await until('two confirmations', async () => (await page.getByTestId('deletions').locator('tbody tr').count()) === 2);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: /^Confirmation of/ }).first().click();
      assert.match((await saved).suggestedFilename(), /^deletion-/);
    }));
});

describe('API keys', () => {
  it('show their secret once, and not by a stray key', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/keys`);
      await page.getByTestId('new-key').click();
      const dialog = page.getByTestId('key-dialog');
      await dialog.locator('[name=name]').fill('Wallboard');
      await becomes(() => dialog.getByTestId('make-key').isDisabled(), true);
      await dialog.locator('[name=sessions_read]').check();
      await dialog.getByTestId('make-key').click();
      const secret = await page.getByTestId('key-secret').innerText();
      assert.match(secret, /^fhk_/);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await becomes(() => page.getByTestId('key-secret').isVisible(), true);
      await page.getByRole('button', { name: 'I have kept it' }).click();
      assert.equal(await page.getByText(secret).count(), 0);
      await becomes(() => page.getByTestId('keys').locator('tbody tr').count(), 3);
      await page.getByRole('button', { name: 'Revoke the key “Wallboard”' }).click();
      await page.getByTestId('confirm-act').click();
      await until('the key to go', async () => (await page.getByTestId('keys').locator('tbody tr').count()) === 2);
    }));
});

describe('the keyboard', () => {
  it('skips the navigation, and every change of page is said', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await page.getByTestId('people').waitFor();
      await page.keyboard.press('Tab');
      await becomes(() => page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
      await page.keyboard.press('Enter');
      await becomes(() => page.evaluate(() => document.activeElement.id), 'main');
      assert.match(page.url(), /#\/people$/);
      await page.getByTestId('nav-groups').focus();
      await page.keyboard.press('Enter');
      await until('the focus', () => page.evaluate(() => document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'Groups and policy'));
      assert.match(await page.title(), /^Groups and policy/);
      await becomes(() => page.getByTestId('nav-groups').getAttribute('aria-current'), 'page');
    }));

  it('opens, walks and leaves a menu', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      const opener = menuOf(page, 'Jonas Petersen');
      await opener.focus();
      await page.keyboard.press('ArrowDown');
      const now = () => page.evaluate(() => document.activeElement.textContent.trim());
      await until('the first entry', async () => (await now()) === 'Open');
      await page.keyboard.press('ArrowUp');
      assert.equal(await now(), 'Remove');
      await page.keyboard.press('l');
      assert.equal(await now(), 'Lock account');
      await page.keyboard.press('Escape');
      await becomes(() => page.getByRole('menu').count(), 0);
      await becomes(() => opener.evaluate((element) => element === document.activeElement), true);
    }));

  it('walks tabs, and the address follows', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/organisation`);
      await page.getByRole('tab', { name: 'Profile' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.getByRole('tab', { name: 'Domain', selected: true }).waitFor();
      await page.keyboard.press('End');
      await page.getByTestId('alerts').waitFor();
      assert.match(page.url(), /#\/organisation\/alerts$/);
    }));
});

describe('a phone', () => {
  const phone = { viewport: { width: 390, height: 844 } };

  it('has the navigation in a drawer that closes by itself, and by Escape', () =>
    withPage(
      async (page, mock) => {
        await page.goto(`${mock.url}/#/people`);
        await page.getByTestId('open-navigation').click();
        await page.locator('dialog[open]').getByTestId('nav-groups').click();
        await page.getByTestId('groups').waitFor();
        await becomes(() => page.locator('dialog[open]').count(), 0);
        await page.getByTestId('open-navigation').click();
        await page.keyboard.press('Escape');
        await becomes(() => page.locator('dialog[open]').count(), 0);
      },
      undefined,
      phone,
    ));

  it('shows a table as cards that are still a table', () =>
    withPage(
      async (page, mock) => {
        await page.goto(`${mock.url}/#/people`);
        await page.getByTestId('people').waitFor();
        await becomes(() => page.getByRole('table', { name: 'People' }).getByRole('row').count(), 6);
        const box = await page.getByRole('row', { name: /Aylin Demir/ }).boundingBox();
        assert.ok(box.width <= 390 && box.height > 100);
      },
      undefined,
      phone,
    ));
});

describe('trouble', () => {
  it('says so where it happened, and tries again', () =>
    withPage(
      async (page, mock) => {
        await page.goto(`${mock.url}/#/people`);
        await page.getByRole('alert').getByText('could not read or write its database').waitFor();
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByTestId('people').waitFor();
        await becomes(() => page.getByRole('alert').count(), 0);
      },
      (mock) => {
        mock.office.failing.set('GET /people', { status: 500, body: { code: 'storage', message: 'No.' } });
      },
    ));

  it('leads to the sign-in when that has ended, and back to the same page', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await page.getByTestId('people').waitFor();
      mock.office.signedIn = null;
      await page.getByTestId('nav-audit').click();
      await page.getByTestId('sign-in').waitFor();
      await page.locator('[name=email]').fill('maria@nordlicht.example');
      await page.locator('[name=password]').fill('right 1234');
      await page.keyboard.press('Enter');
      await page.getByTestId('audit').waitFor();
    }));
});
