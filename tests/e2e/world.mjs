// A whole world for a test: the real service, customers' computers with real agents, technicians with real browsers.

import path from 'node:path';
import { chromium } from 'playwright-core';
import { Display } from '../kit/display.mjs';
import { Household } from '../kit/household.mjs';
import { Person } from '../kit/person.mjs';
import { program, ROOT } from '../kit/programs.mjs';
import { Service } from '../kit/service.mjs';
import { Target } from '../kit/target.mjs';
import { PATIENCE, until } from '../kit/wait.mjs';
import { ADMINISTRATOR } from './administrator.mjs';
import { Console } from './console.mjs';

export { ADMINISTRATOR };

/** Pages of the browser's own, made for every window that it opens. */
const OWN_PAGES = 'WebUIOmniboxAimPopup,WebUIOmniboxPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI';
const CHROMIUM = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,${OWN_PAGES}`];

export class World {
  /** The service runs, and (unless `setUp` is false) an administrator exists. */
  static async open({ setUp = true, service = {} } = {}) {
    const world = new this();
    world.household = new Household();
    try {
      const args = ['--web', path.join(ROOT, 'web/dist'), ...(service.args ?? [])];
      world.service = await Service.open(world.household, { ...service, args });
      if (setUp) await world.setUp();
    } catch (error) {
      const report = world.household.report();
      await world.close();
      throw new Error(`${error.message}\n${report}`, { cause: error });
    }
    return world;
  }

  async setUp() {
    const token = new URL(this.service.ready.setup_url).hash.slice(1);
    const answer = await this.service.ask('POST', '/api/v1/setup', { body: { token, ...ADMINISTRATOR } });
    if (answer.status !== 200 && answer.status !== 201) throw new Error(`set-up failed: ${answer.status} ${answer.text}`);
  }

  /** The cookie of a fresh sign-in, for requests without a browser. */
  async cookie({ email = ADMINISTRATOR.email, password = ADMINISTRATOR.password } = {}) {
    const answer = await this.service.ask('POST', '/api/v1/sign-in', { body: { email, password }, headers: { origin: this.service.url } });
    if (answer.status !== 200) throw new Error(`sign-in failed: ${answer.status} ${answer.text}`);
    return answer.headers['set-cookie'][0].split(';')[0];
  }

  /** One browser for all technicians of the world. */
  async browser() {
    // Two who ask at the same time get the same one: nobody would close the other.
    this.launched ??= chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...CHROMIUM, ...(this.switches ?? [])] });
    this.chromium = await this.launched;
    return this.chromium;
  }

  /** A browser of its own, which may be killed. */
  async ownBrowser() {
    const server = await chromium.launchServer({ executablePath: '/usr/bin/chromium', headless: true, args: CHROMIUM });
    this.household.later(() => server.kill().catch(() => {}));
    const browser = await chromium.connect(server.wsEndpoint());
    const { pid } = server.process();
    return { browser, pid, kill: () => process.kill(pid, 'SIGKILL') };
  }

  /** A technician with a page open; signed in unless told otherwise. */
  async technician({ signIn = true, browser } = {}) {
    const from = browser ?? (await this.browser());
    const context = await from.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1500, height: 1000 }, locale: 'en-GB' });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const console_ = new Console(this, context, page);
    if (signIn) await console_.signIn();
    return console_;
  }

  /** A customer's computer: a display with a window manager and the target program. */
  async customer({ name = 'customer', width = 1280, height = 720 } = {}) {
    const display = await Display.open(this.household, { name, width, height });
    const target = await Target.open(display, { name: `${name}-target` });
    return new Customer(this, name, display, target);
  }

  async close() {
    await this.chromium?.close().catch(() => {});
    await this.household.close();
  }
}

let agents = 0;

export class Customer {
  constructor(world, name, display, target) {
    Object.assign(this, { world, name, display, target, person: new Person(display) });
  }

  /** Starts the agent with a code, or with its parts. Returns at once; see `joined`. */
  join(code, { args = [], env = {}, server = this.world.service.url, fingerprint = this.world.service.fingerprint } = {}) {
    const words = ['join', ...[code].flat(), '--server', server, ...(fingerprint ? ['--fingerprint', fingerprint] : []), '--log', 'json', ...args];
    this.agent = this.display.start(`${this.name}-agent-${++agents}`, program('farhand-agent'), words, { env: { LANG: 'C.UTF-8', ...this.home(), ...env } });
    return this.agent;
  }

  /** Where this customer's programs keep things. */
  home() {
    const folder = (name) => path.join(this.world.household.folder, `${this.name}-${name}`);
    return { XDG_DATA_HOME: folder('data'), XDG_STATE_HOME: folder('state') };
  }

  /** Joins, and allows the view that the console asks for by itself. */
  async joinAndAllow(console_, options) {
    const agent = this.join(console_.code, options);
    await agent.err.event('joined');
    await this.person.allow();
    await console_.live();
    return agent;
  }

  /**
   * The technician clicks into the customer's program, and the click has arrived. A window manager holds a click back
   * until it has given the focus, so a key that follows at once would overtake it.
   */
  async clicked(console_, x = 300, y = 300) {
    const from = this.target.mark;
    await console_.click(x, y);
    return this.target.button(1, false, { from });
  }

  /** Waits until the agent holds this consent, such as `granted` with `view control`. */
  async consent(state, pick = () => true) {
    return this.agent.err.event('consent', { pick: (event) => event.consent.state === state && pick(event.consent) });
  }

  /** Waits until the technician's picture is this screen, to the pixel. */
  async sameAs(console_) {
    return until('the technician to see the very same pixels', async () => {
      const [here, there] = await Promise.all([this.display.pixels(), console_.pixels()]);
      if (there.width !== here.width || there.height !== here.height) {
        throw new Error(`${there.width}×${there.height} for ${here.width}×${here.height}`);
      }
      const differ = difference(here, there);
      if (differ.count > 0) throw new Error(`${differ.count} pixels differ, the first at ${differ.x},${differ.y}: ${differ.here} here, ${differ.there} there`);
      return true;
    });
  }
}

/** How many pixels differ, and where the first is. */
export function difference(a, b) {
  let count = 0;
  let first = {};
  for (let i = 0; i < a.data.length; i += 3) {
    if (a.data[i] === b.data[i] && a.data[i + 1] === b.data[i + 1] && a.data[i + 2] === b.data[i + 2]) continue;
    if (count === 0) {
      const at = i / 3;
      first = { x: at % a.width, y: Math.floor(at / a.width), here: a.data.subarray(i, i + 3).toString('hex'), there: b.data.subarray(i, i + 3).toString('hex') };
    }
    count += 1;
  }
  return { count, ...first };
}

/** Runs a test's body; when it fails, the ends of all logs are part of the error. */
export function told(world, body) {
  return async (context) => {
    try {
      await body(context);
    } catch (error) {
      error.message += `\n${world().household.report()}`;
      throw error;
    }
  };
}
