// An administrator's page, as a person uses it.

import { createHmac } from 'node:crypto';
import { until } from '../kit/wait.mjs';
import { ADMINISTRATOR } from './administrator.mjs';

export const INVITED = { email: 'tom@acme.example', name: 'Tom Trainee', password: 'staple battery 9' };

/** The six digits of an authenticator app (RFC 6238) that holds this secret. */
export function digits(secret, now = Date.now()) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[^A-Z2-7]/g, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = hash[hash.length - 1] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

export class Office {
  /** Somebody with a browser of their own, at the service's first page. */
  static async open(world, { url = world.service.url } = {}) {
    const context = await (await world.browser()).newContext({ ignoreHTTPSErrors: true, viewport: { width: 1400, height: 1000 }, locale: 'en-GB' });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const office = new Office();
    Object.assign(office, { world, context, page, url, problems: [], secret: null });
    page.on('pageerror', (error) => office.problems.push(String(error)));
    return office;
  }

  by(id) {
    return this.page.getByTestId(id);
  }

  async go(place) {
    await this.page.goto(`${this.url}/#/${place}`);
  }

  /** Types name and password; what comes then is the caller's to wait for. */
  async type({ email = ADMINISTRATOR.email, password = ADMINISTRATOR.password } = {}) {
    await this.page.goto(this.url);
    await this.by('sign-in').locator('[name=email]').fill(email);
    await this.by('sign-in').locator('[name=password]').fill(password);
    await this.page.keyboard.press('Enter');
  }

  async signIn(who) {
    await this.type(who);
    await this.by('start-session').waitFor();
  }

  async signOut() {
    await this.by('account-menu').last().click();
    await this.by('menu-sign-out').click();
    await this.by('sign-in').waitFor();
  }

  /** A code that was not used before: each counts once, and the service takes those of a step early and a step late. */
  async freshDigits() {
    const used = this.used ?? 0;
    const step = await until('a code that was not used', () => {
      const now = Math.floor(Date.now() / 30_000);
      return now + 1 > used ? Math.max(now, used + 1) : false;
    }, { within: 70_000, every: 250 });
    this.used = step;
    return digits(this.secret, step * 30_000);
  }

  /** From the password to the code, wherever the form stands. Ends where the recovery codes are shown, or nothing more is. */
  async addTotp(password) {
    await this.by('add-totp').click();
    await this.by('totp-begin').locator('[name=password]').fill(password);
    await this.page.keyboard.press('Enter');
    await this.by('qr').waitFor();
    await this.page.getByText('Cannot scan it?').click();
    this.secret = (await this.by('totp-secret').innerText()).replaceAll(' ', '');
    await this.by('totp-code').fill(await this.freshDigits());
  }

  /** The recovery codes that are shown now; they are kept. */
  async keepCodes() {
    await this.by('recovery-codes').waitFor();
    const codes = await this.by('recovery-codes').locator('li').allInnerTexts();
    await this.by('recovery-kept').check();
    await this.by('recovery-done').click();
    return codes;
  }

  /** The text of the newest mail to somebody. */
  async mail(to, subject) {
    await this.go('organisation/mail');
    await this.page.reload();
    const row = this.by('outbox').getByRole('row').filter({ hasText: to }).filter({ hasText: subject });
    await row.first().getByTestId('read-mail').click();
    const text = await this.by('mail-text').innerText();
    await this.page.keyboard.press('Escape');
    return text;
  }
}
