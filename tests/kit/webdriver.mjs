// A program with a WebKitGTK web view, driven by WebKit's own driver (WebDriver, W3C). On Linux tauri-driver does nothing
// but hand the program's path to this driver, under the name that it uses here itself.

import { alone } from './bus.mjs';
import { freePort } from './service.mjs';
import { until } from './wait.mjs';

/** The key of an element in the protocol's JSON. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export class WebDriver {
  /** Starts the driver on a display, and the program by it. `args` are the program's; without a `bus` it gets its own. */
  static async open(display, { name = 'driver', binary, args = [], env = {}, bus }) {
    const driver = new WebDriver();
    const port = await freePort();
    driver.url = `http://127.0.0.1:${port}`;
    // The pages' process inherits all of it.
    const [command, ...words] = [...(bus ? [] : alone()), 'WebKitWebDriver', `--port=${port}`, '--host=127.0.0.1'];
    const address = bus ? { DBUS_SESSION_BUS_ADDRESS: bus.address } : {};
    driver.process = display.start(name, command, words, { env: { TAURI_WEBVIEW_AUTOMATION: 'true', ...address, ...env } });
    await until('the driver to listen', () => fetch(`${driver.url}/status`).then((answer) => answer.ok));
    await driver.start(binary, args);
    return driver;
  }

  async start(binary, args) {
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: args.map(String) } } };
    const { sessionId } = await this.ask('POST', '/session', { capabilities });
    this.session = `/session/${sessionId}`;
    await this.ask('POST', `${this.session}/timeouts`, { script: 30_000, pageLoad: 60_000, implicit: 0 });
  }

  async ask(method, route, body) {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}${route}`, init);
    const { value } = await answer.json();
    if (answer.ok) return value;
    throw new Error(`${method} ${route}: ${value?.error}: ${value?.message}`);
  }

  /** Runs a function in the page and returns what it returns, promises awaited. */
  async run(work, ...args) {
    const script = `const done = arguments[arguments.length - 1]; const args = Array.prototype.slice.call(arguments, 0, -1);
      Promise.resolve().then(() => (${work})(...args)).then((value) => done({ value }), (error) => done({ error: String((error && error.message) || error) }));`;
    const { value, error } = await this.ask('POST', `${this.session}/execute/async`, { script, args });
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async find(selector) {
    const found = await this.ask('POST', `${this.session}/element`, { using: 'css selector', value: selector });
    return found[ELEMENT];
  }

  /** An element, once it is there and shown. */
  async shown(selector) {
    return until(`${selector} to be shown`, async () => {
      const element = await this.find(selector);
      return (await this.ask('GET', `${this.session}/element/${element}/displayed`)) ? element : undefined;
    });
  }

  async click(selector) {
    const element = await this.shown(selector);
    await this.ask('POST', `${this.session}/element/${element}/click`, {});
  }

  /** Clicks by the page's own means, where the driver thinks that an element cannot be seen. */
  press(selector) {
    return this.run((selector) => document.querySelector(selector).click(), selector);
  }

  async type(selector, text) {
    const element = await this.shown(selector);
    await this.ask('POST', `${this.session}/element/${element}/clear`, {});
    await this.ask('POST', `${this.session}/element/${element}/value`, { text });
  }

  async text(selector) {
    const element = await this.shown(selector);
    return this.ask('GET', `${this.session}/element/${element}/text`);
  }

  async attribute(selector, name) {
    return this.run((selector, name) => document.querySelector(selector)?.getAttribute(name) ?? null, selector, name);
  }

  async has(selector) {
    return this.run((selector) => document.querySelector(selector) !== null, selector);
  }

  handles() {
    return this.ask('GET', `${this.session}/window/handles`);
  }

  async quit() {
    await this.ask('DELETE', this.session).catch(() => {});
  }
}
