// Our own session, brought to where the customer's screen is shown 1:1 with control.

import dgram from 'node:dgram';
import net from 'node:net';
import path from 'node:path';
import { Console } from '../../e2e/console.mjs';
import { ADMINISTRATOR } from '../../e2e/administrator.mjs';
import { Person } from '../../kit/person.mjs';
import { program, ROOT } from '../../kit/programs.mjs';
import { Service } from '../../kit/service.mjs';
import { until } from '../../kit/wait.mjs';

/** Emulated paths between the customer and the service, the same each way: see `farhand-netem --help`. */
export const ROUTES = {
  'loss-2': ['--delay-ms', 25, '--loss', 2],
  'slow-3': ['--delay-ms', 25, '--rate-kbit', 3000, '--queue-ms', 200],
  'loss-1-10': ['--delay-ms', 25, '--rate-kbit', 10000, '--loss', 1],
  outages: ['--delay-ms', 25, '--outage-ms', 30, '--outage-share', 5],
};

/** Where the customer's computer reaches the service when its path is emulated; the technician is beside the service. */
const FAR = '127.0.0.2';

export async function farhand({ household, screen, size, route }) {
  const groups = {};
  const hole = route === 'blocked' ? await blackHole(household) : [];
  const service = await Service.open(household, { args: ['--web', path.join(ROOT, 'web/dist'), ...hole] });
  const server = ROUTES[route] ? await emulate(household, service, route) : service.url;
  const token = new URL(service.ready.setup_url).hash.slice(1);
  await service.ask('POST', '/api/v1/setup', { body: { token, ...ADMINISTRATOR } });
  const { page, context } = screen.viewer;
  const console_ = new Console({ service }, context, page);
  await console_.signIn();
  const person = new Person(screen.display);
  const { agent, firstPictureMs } = await join();
  await console_.askControl();
  await person.allow();
  await console_.rights('view', 'control');
  await console_.by('zoom-menu').click();
  await console_.by('zoom-actual').click();
  await console_.by('screen-surface').focus();
  // The person's pointer leaves the picture's middle.
  await screen.display.run('xdotool', ['mousemove', size.width - 40, size.height - 40]);
  const place = await screen.viewer.place('[data-testid=screen-surface]', size);
  await until('the page to take the keys', async () => (await console_.by('keys').getAttribute('data-capturing')) === 'true');
  Object.assign(groups, { agent: [agent.pid], service: [service.process.pid] });
  const { name: carrier } = await console_.carrier();
  return {
    console_,
    person,
    agent,
    place,
    groups,
    received: () => service.metric('farhand_media_bytes_total'),
    facts: async ({ joins }) => {
      const exact = (await console_.by('exact').getAttribute('data-exact')) === 'true';
      const first = [firstPictureMs];
      let last = agent;
      while (first.length < joins) {
        await console_.end();
        await last.exited;
        await page.goto(service.url);
        const next = await join();
        last = next.agent;
        first.push(next.firstPictureMs);
      }
      return { carrier, exact, firstPictureMs: first };
    },
  };

  /** A session from its code to its first picture, without the time that the person takes to answer. */
  async function join() {
    const code = await console_.start();
    const words = ['join', code, '--server', server, '--fingerprint', service.fingerprint, '--log', 'json'];
    const started = performance.now();
    const agent = screen.display.start('agent', program('farhand-agent'), words);
    await agent.err.event('prompt');
    const asked = performance.now() - started;
    const granted = agent.err.event('consent', { pick: ({ consent }) => consent.state === 'granted' }).then(() => performance.now());
    await person.allow();
    await console_.live();
    return { agent, firstPictureMs: asked + performance.now() - (await granted) };
  }
}

/** The service's arguments with which it names a UDP port where everything that arrives is dropped, as by a firewall. */
export async function blackHole(household) {
  const hole = dgram.createSocket('udp4');
  household.later(() => hole.close());
  const port = await new Promise((resolve) => hole.bind(0, '127.0.0.1', () => resolve(hole.address().port)));
  return ['--media-public-port', String(port)];
}

/** Lets UDP to the media service through an impaired path, and TCP to the service as it is. Returns the service's address there. */
async function emulate(household, service, route) {
  const args = ['--listen', `${FAR}:${service.media}`, '--target', `127.0.0.1:${service.media}`, ...ROUTES[route]];
  await household.start('netem', program('farhand-netem'), args).out.event('ready');
  const door = net.createServer((near) => {
    const far = net.connect(service.port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) from.on('error', () => to.destroy()).pipe(to);
  });
  await new Promise((resolve, reject) => door.once('error', reject).listen(service.port, FAR, resolve));
  household.later(() => door.close());
  return `https://${FAR}:${service.port}`;
}
