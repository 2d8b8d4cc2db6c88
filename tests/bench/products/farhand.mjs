// Our own session, brought to where the customer's screen is shown 1:1 with control.

import path from 'node:path';
import { Console } from '../../e2e/console.mjs';
import { ADMINISTRATOR } from '../../e2e/administrator.mjs';
import { Person } from '../../kit/person.mjs';
import { program, ROOT } from '../../kit/programs.mjs';
import { freeUdpPort, Service } from '../../kit/service.mjs';
import { until } from '../../kit/wait.mjs';

/** Emulated paths, each way: see `farhand-netem --help`. */
export const ROUTES = {
  'loss-2': ['--delay-ms', 25, '--loss', 2],
  'slow-3': ['--delay-ms', 25, '--rate-kbit', 3000, '--queue-ms', 200],
  'loss-1-10': ['--delay-ms', 25, '--rate-kbit', 10000, '--loss', 1],
  outages: ['--delay-ms', 25, '--outage-ms', 30, '--outage-share', 5],
};

export async function farhand({ household, screen, size, route }) {
  const media = await freeUdpPort();
  const args = ['--web', path.join(ROOT, 'web/dist')];
  const groups = {};
  if (route !== 'direct') {
    if (!ROUTES[route]) throw new Error(`there is no path "${route}"; there are direct, ${Object.keys(ROUTES).join(', ')}`);
    const front = await freeUdpPort();
    const netem = household.start('netem', program('farhand-netem'), ['--listen', `127.0.0.1:${front}`, '--target', `127.0.0.1:${media}`, ...ROUTES[route]]);
    await netem.out.event('ready');
    args.push('--media-public-port', front);
  }
  const service = await Service.open(household, { args, media });
  const token = new URL(service.ready.setup_url).hash.slice(1);
  await service.ask('POST', '/api/v1/setup', { body: { token, ...ADMINISTRATOR } });
  const { page, context } = screen.viewer;
  const console_ = new Console({ service }, context, page);
  await console_.signIn();
  const code = await console_.start();
  const words = ['join', code, '--server', service.url, '--fingerprint', service.fingerprint, '--log', 'json'];
  const began = performance.now();
  const agent = screen.display.start('agent', program('farhand-agent'), words);
  await agent.err.event('joined');
  const person = new Person(screen.display);
  await person.allow();
  await console_.live();
  await console_.askControl();
  await person.allow();
  await console_.rights('view', 'control');
  const zoom = console_.by('zoom');
  if ((await zoom.getAttribute('data-zoom')) === 'fit') await zoom.click();
  await console_.by('screen-surface').focus();
  // The person's pointer leaves the picture's middle.
  await screen.display.run('xdotool', ['mousemove', size.width - 40, size.height - 40]);
  const place = await screen.viewer.place('[data-testid=screen-surface]', size);
  await until('the page to take the keys', async () => (await console_.by('keys').getAttribute('data-capturing')) === 'true');
  Object.assign(groups, { agent: [agent.pid], service: [service.process.pid] });
  const { name: carrier } = await console_.carrier();
  return {
    place,
    groups,
    received: () => service.metric('farhand_media_bytes_total'),
    facts: async () => ({ carrier, joinedToLiveMs: performance.now() - began, exact: await console_.by('exact').getAttribute('data-exact') }),
  };
}
