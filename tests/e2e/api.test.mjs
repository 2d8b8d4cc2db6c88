// The HTTP API against its own document: whatever is sent, the service answers as it says it would, and never breaks.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../kit/run.mjs';
import { ADMINISTRATOR, told, World } from './world.mjs';

const SCHEMATHESIS = process.env.FARHAND_SCHEMATHESIS ?? 'schemathesis';
/** Seconds for all operations together. */
const SECONDS = 75;

describe('the API', () => {
  let world;
  before(async () => {
    world = await World.open();
  });
  after(() => world?.close());
  const promise = (name, body, options = {}) => test(name, options, told(() => world, body));

  promise('its documentation is served here, without a script or anything from elsewhere', async () => {
    const page = await world.service.ask('GET', '/api/docs');
    assert.equal(page.status, 200);
    assert.match(page.text, /\/api\/v1\/people/);
    assert.doesNotMatch(page.text, /<script|(src|href)="(?!\/api\/|#)/);
    const { json } = await world.service.ask('GET', '/api/openapi.json');
    assert.equal(json.openapi, '3.1.0');
    assert.ok(Object.keys(json.paths).length > 40);
  });

  const missing = process.env.FARHAND_SCHEMATHESIS ? false : 'schemathesis is installed by cargo xtask test';
  promise('nothing that the document allows breaks it, and every answer is one that it names', { skip: missing }, async () => {
    assert.ok(existsSync(SCHEMATHESIS), `${SCHEMATHESIS} is not there`);
    const answer = await world.service.ask('POST', '/api/v1/sign-in', {
      body: { email: ADMINISTRATOR.email, password: ADMINISTRATOR.password },
      headers: { 'farhand-token': 'bearer' },
    });
    const { token } = answer.json;
    const { json } = await world.service.ask('GET', '/api/openapi.json');
    // Sockets are no requests; and whoever ends their own sign-in cannot go on (identifiers are tried that answers
    // named, one's own among them). A method that is left out would be tried all the same, as one that a path does not
    // have, so the whole path goes.
    const out = ['sign_out', 'sign_out_everywhere', 'end_my_sign_in', 'sign_out_person', 'remove_methods'];
    for (const [route, methods] of Object.entries(json.paths)) {
      if (Object.values(methods).some((operation) => operation.responses['101'] || out.includes(operation.operationId))) delete json.paths[route];
    }
    const file = path.join(world.household.folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(json));
    const words = ['run', file, '--url', world.service.url, '--header', `Authorization: Bearer ${token}`, '--tls-verify', 'false'];
    const checks = 'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance';
    words.push('--checks', checks, '--phases', 'examples,coverage,fuzzing', '--mode', 'all', '--max-time', SECONDS, '--seed', 4, '--workers', 1);
    words.push('--request-timeout', 20, '--generation-database', 'none', '--no-color', '--continue-on-failure');
    const said = await run(SCHEMATHESIS, words, { env: { HOME: world.household.folder } });
    assert.doesNotMatch(said, /FAILURES|ERRORS/, said);
    // And it still works.
    const me = await world.service.ask('GET', '/api/v1/me', { token });
    assert.equal(me.status, 200, 'the sign-in that was used stands');
  });
});
