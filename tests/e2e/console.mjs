// The technician's page, as a person uses it and as they see it.

import { until } from '../kit/wait.mjs';
import { ADMINISTRATOR } from './administrator.mjs';

/** Other sessions may be open in the same page; what is in their tabs is not looked at. */
const SHOWN = ':not([data-testid=tab-pane][hidden] *)';

export class Console {
  constructor(world, context, page) {
    Object.assign(this, { world, context, page, problems: [] });
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  get url() {
    return this.world.service.url;
  }

  by(id) {
    return this.page.locator(`[data-testid="${id}"]${SHOWN}`);
  }

  async signIn({ email = ADMINISTRATOR.email, password = ADMINISTRATOR.password } = {}) {
    await this.page.goto(this.url);
    const form = this.by('sign-in');
    await form.locator('[name=email]').fill(email);
    await form.locator('[name=password]').fill(password);
    await form.getByRole('button').click();
    await this.by('start-session').waitFor();
  }

  /** Presses "Start a session" and reads the code from the page. */
  async start() {
    await this.by('start-session').click();
    const text = await this.by('session-code').innerText();
    this.code = text.replace(/\D/g, '');
    if (this.code.length !== 10) throw new Error(`the page shows "${text}", which is no code`);
    return this.code;
  }

  /** Waits until the page says that the session stands there: waiting, joining, asking, live, held, lost, ended … */
  async stage(...stages) {
    return until(`the page to say ${stages.join(' or ')}`, async () => {
      const now = await this.now();
      if (stages.includes(now)) return now;
      throw new Error(`it says ${now}`);
    });
  }

  async now() {
    for (const id of ['consent-state', 'stage-card']) {
      const element = this.by(id).first();
      if ((await element.count()) > 0) {
        const stage = await element.getAttribute('data-stage');
        if (stage) return stage;
      }
    }
    return undefined;
  }

  /** Waits until the page says that exactly these rights are granted. */
  async rights(...wanted) {
    const text = wanted.toSorted().join(' ');
    return until(`the page to say that the rights are "${text}"`, async () => {
      const state = this.by('consent-state').first();
      const now = [await state.getAttribute('data-state'), (await state.getAttribute('data-rights')).split(' ').toSorted().join(' ')];
      if (now[0] === 'granted' && now[1] === text) return true;
      throw new Error(`it says ${now.join(': ')}`);
    });
  }

  /** Waits for a picture. */
  async live() {
    await this.stage('live');
    await until('the first picture', async () => (await this.pixels()).width > 1);
  }

  async askControl() {
    await this.by('ask-control').click();
  }

  async carrier() {
    const badge = this.by('carrier');
    return { name: await badge.getAttribute('data-carrier'), blocked: (await badge.getAttribute('data-udp-blocked')) === 'true' };
  }

  /** What the canvas shows now, in the customer's own pixels: RGB. */
  async pixels() {
    const { width, height, base64 } = await this.page.evaluate(async (where) => {
      const shown = document.querySelector(`[data-testid=screen]${where}`);
      if (!shown) return { width: 0, height: 0, base64: '' };
      const { width, height } = shown;
      const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(shown, 0, 0);
      const rgba = copy.getImageData(0, 0, width, height).data;
      const rgb = new Uint8Array(width * height * 3);
      for (let from = 0, to = 0; from < rgba.length; from += 4) {
        rgb[to++] = rgba[from];
        rgb[to++] = rgba[from + 1];
        rgb[to++] = rgba[from + 2];
      }
      const url = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(new Blob([rgb]));
      });
      return { width, height, base64: url.slice(url.indexOf(',') + 1) };
    }, SHOWN);
    return { width, height, data: Buffer.from(base64, 'base64') };
  }

  /** A point of the customer's screen as a point of the page. */
  async point(x, y) {
    const box = await this.by('screen-surface').boundingBox();
    const { width, height } = await this.page.evaluate((where) => {
      const { width, height } = document.querySelector(`[data-testid=screen]${where}`);
      return { width, height };
    }, SHOWN);
    return [box.x + ((x + 0.5) * box.width) / width, box.y + ((y + 0.5) * box.height) / height];
  }

  async move(x, y) {
    await this.page.mouse.move(...(await this.point(x, y)));
  }

  async click(x, y, options) {
    await this.page.mouse.click(...(await this.point(x, y)), options);
  }

  async end() {
    await this.by('end-session').click();
    await this.by('end-confirm').click();
    await this.stage('ended');
  }

  async home() {
    await this.page.goto(`${this.url}/#`);
    await this.by('start-session').waitFor();
  }
}
