// A stand-in for the service's administration, for the page tests: an organisation in memory that answers each operation
// as the real service would, as far as a page can tell. Whoever runs it may change `state` at will.

import { randomBytes } from 'node:crypto';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ALL_RIGHTS = ['view', 'control', 'files', 'clipboard', 'diagnostics', 'shell', 'camera', 'microphone', 'unattended', 'record'];
const POLICY = { rights: ALL_RIGHTS, recorded: false, addresses: [] };

/** The password of everybody here, the code of every app, and the recovery code that is left. */
export const PASSWORD = 'right 1234';
export const TOTP = '246810';
export const RECOVERY = 'k7m2-p9qx';

const problem = (status, code) => ({ status, body: { code, message: `Refused: ${code}.` } });
const ok = (body, status = 200) => ({ status, body });
const none = { status: 204 };

/** A small picture that looks like a QR code. */
const QR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#fff"/>${Array.from({ length: 81 }, (_, at) => ((at * 7 + (at % 5)) % 3 === 0 ? `<rect x="${at % 9}" y="${Math.floor(at / 9)}" width="1" height="1"/>` : '')).join('')}</svg>`;

export class Office {
  constructor(now = Date.now()) {
    this.now = now;
    this.calls = [];
    /** Operations that fail once, by `METHOD /path`: their answers. */
    this.failing = new Map();
    this.signedIn = 'u1';
    this.tickets = new Map();
    this.state = this.#filled();
  }

  #filled() {
    const { now } = this;
    const person = (id, name, role, group, more = {}) => ({
      id,
      name,
      email: `${name.split(' ')[0].toLowerCase()}@nordlicht.example`,
      role,
      group,
      locked: false,
      totp: false,
      passkeys: 0,
      created_at: now - 200 * DAY,
      signed_in_at: now - 3 * HOUR,
      ...more,
    });
    return {
      organisation: {
        id: 't1',
        name: 'Nordlicht IT',
        logo: false,
        password_rule: 'standard',
        second_method_demanded: false,
        people_with_one_method: 2,
        domain: null,
        created_at: now - 400 * DAY,
      },
      methods: { totp: now - 90 * DAY, passkeys: [{ id: 'p1', name: 'Work laptop', added_at: now - 60 * DAY, used_at: now - 2 * HOUR }], recovery_codes: 9, demanded: false },
      pendingTotp: null,
      people: [
        person('u1', 'Maria Hofmann', 'administrator', '', { totp: true, passkeys: 1, signed_in_at: now - 5 * 60_000 }),
        person('u2', 'Jonas Petersen', 'technician', 'g1', { totp: true }),
        person('u3', 'Aylin Demir', 'technician', 'g1', { signed_in_at: now - 2 * DAY }),
        person('u4', 'Konstantin von Hohenfels-Brandenburg', 'technician', 'g2', { email: 'konstantin.von.hohenfels-brandenburg@nordlicht-support.example', locked: true, passkeys: 2 }),
        person('u5', 'Piotr Nowak', 'technician', '', { paused_until: now + 4 * 60_000, signed_in_at: undefined }),
      ],
      invitations: [
        { id: 'i1', email: 'lena@nordlicht.example', name: 'Lena Vogt', role: 'technician', group: 'g1', created_at: now - DAY, expires_at: now + 6 * DAY },
        { id: 'i2', email: 'old@nordlicht.example', name: '', role: 'technician', group: '', created_at: now - 9 * DAY, expires_at: now - 2 * DAY },
      ],
      groups: [
        { id: 'g1', name: 'First level', policy: { rights: ['view', 'control', 'clipboard', 'diagnostics'], session_minutes: 90, idle_minutes: 15, recorded: true, addresses: ['192.0.2.0/24', '2001:db8::/32'] } },
        { id: 'g2', name: 'Second level', policy: POLICY },
      ],
      signIns: [
        { id: 's1', this: true, created_at: now - 5 * HOUR, seen_at: now, expires_at: now + 7 * DAY, address: '192.0.2.17', program: 'Chrome on Linux', methods: ['password', 'totp'] },
        { id: 's2', this: false, created_at: now - 3 * DAY, seen_at: now - 20 * HOUR, expires_at: now + 4 * DAY, address: '2001:db8:4a:1f::9c2e', program: 'Firefox on Windows', methods: ['passkey'] },
      ],
      keys: [
        { id: 'k1', name: 'Dashboard', scopes: ['sessions_read', 'people_read'], created_by: 'Maria Hofmann', created_at: now - 30 * DAY, expires_at: now + 60 * DAY, used_at: now - HOUR },
        { id: 'k2', name: 'Log collector', scopes: ['audit_read'], created_by: 'Maria Hofmann', created_at: now - 100 * DAY, expires_at: now - 10 * DAY },
      ],
      outbox: {
        sending: false,
        mails: [
          { id: 'm1', to: 'lena@nordlicht.example', subject: 'Join Nordlicht IT', text: 'Maria Hofmann invites you to Nordlicht IT.\n\nhttps://help.nordlicht.example/invitation#mF0tK3n\n', state: 'waiting', tries: 0, created_at: now - DAY },
          { id: 'm2', to: 'piotr@nordlicht.example', subject: 'Sign-in paused', text: 'Five sign-ins in a row failed.', state: 'failed', tries: 12, error: '550 mailbox full', created_at: now - 2 * DAY },
        ],
      },
      windows: { rules: [{ effect: 'hide', by: 'program', pattern: 'lohnbuch*' }, { effect: 'pause', by: 'title', pattern: '*Sparkasse*' }] },
      alerts: { webhook: 'https://alerts.nordlicht.example/farhand', emails: ['security@nordlicht.example'] },
      audit: Array.from({ length: 120 }, (_, at) => this.#auditEntry(at)),
      sessions: Array.from({ length: 73 }, (_, at) => this.#session(at)),
      replies: [
        { id: 'c1', title: 'Greeting', text: 'Good morning, this is Nordlicht IT. How can I help you?' },
        { id: 'c2', title: 'Restart', text: 'Please save your work. I will restart the computer now.' },
        { id: 'c3', title: 'Where is the clock?', text: 'You find it in the lower right corner.\nOn a tablet it is at the top.' },
      ],
      notes: {},
      chats: {},
      data: { retention_days: 180, sessions: 73, audit_entries: 120, deletions: [{ id: 'd1', asked_at: now - 20 * DAY, done_at: now - 20 * DAY, summary: 'sessions', confirmation: 'Deleted: 14 sessions.\nSignature: 3f9a…' }] },
      invitation: { organisation: 'Nordlicht IT', email: 'lena@nordlicht.example', name: 'Lena Vogt', password_rule: 'standard' },
    };
  }

  #auditEntry(at) {
    const kinds = [
      ['user:u2', 'Jonas Petersen', 'session_create', 'ok', false],
      ['anonymous', undefined, 'sign_in', 'wrong', false],
      ['user:u1', 'Maria Hofmann', 'sign_in', 'ok', false],
      ['anonymous', undefined, 'origin', 'foreign_origin', true],
      ['key:k1', 'Dashboard', 'api_key_use', 'ok', false],
      ['agent', undefined, 'consent', 'ok', false],
    ];
    const [actor, actor_name, action, outcome, security] = kinds[at % kinds.length];
    return {
      id: String(100_000 - at),
      at: this.now - at * 37 * 60_000,
      actor,
      ...(actor_name ? { actor_name } : {}),
      action,
      outcome,
      ...(action === 'session_create' ? { session: `h${at}` } : {}),
      address: actor === 'agent' ? '' : '192.0.2.17',
      detail: security ? 'Origin https://evil.example' : '',
      security,
      hash: (at * 7919 + 13).toString(16).padStart(64, '0'),
    };
  }

  #session(at) {
    const { now } = this;
    const outcomes = ['technician', 'technician', 'customer', 'code_expired', 'technician', 'refused', 'lost'];
    const outcome = at === 0 ? undefined : outcomes[at % outcomes.length];
    const created_at = now - at * 9 * HOUR - 20 * 60_000;
    const joined = outcome !== 'code_expired';
    const [technician, technician_name] = [['u2', 'Jonas Petersen'], ['u3', 'Aylin Demir'], ['u1', 'Maria Hofmann']][at % 3];
    return {
      id: `h${at}`,
      technician,
      technician_name,
      created_at,
      ...(joined ? { joined_at: created_at + 70_000 } : {}),
      ...(outcome ? { ended_at: created_at + 70_000 + (((at * 131) % 50) + 3) * 60_000, outcome } : {}),
      recorded: technician !== 'u1',
      chat: at % 4 === 1,
      ...(joined && at % 3 !== 2 && at > 0 ? { result: ['solved', 'solved', 'follow_up', 'not_solved'][at % 4] } : {}),
      ...(at % 5 === 1 ? { note: 'The printer was not plugged in.\nAsked for a new cable.' } : {}),
    };
  }

  get user() {
    const { id, name, email, role } = this.state.people.find((person) => person.id === this.signedIn);
    return { id, name, email, role, organisation: this.state.organisation.name, must_add_method: this.mustAdd ?? false, policy: POLICY };
  }

  #groups() {
    return this.state.groups.map((group) => ({ ...group, people: this.state.people.filter((person) => person.group === group.id).length }));
  }

  /** What the service answers: `{ status, body, type? }`. */
  handle(method, path, query, body) {
    const route = `${method} ${path}`;
    this.calls.push({ route, query: Object.fromEntries(query), body });
    const failing = this.failing.get(route);
    if (failing) {
      this.failing.delete(route);
      return failing;
    }
    return this.#open(route, body) ?? (this.signedIn ? (this.#own(route, body) ?? this.#rest(method, path, query, body)) : problem(401, 'sign_in_needed'));
  }

  #open(route, body) {
    const { state } = this;
    switch (route) {
      case 'POST /start-token':
        return { status: 200, body: { token: `${Buffer.from(`start ${body.number}`).toString('base64url')}.c2lnbmVk`, expires_at: Date.now() + 1_800_000 } };
      case 'POST /sign-in': {
        if (body.password !== PASSWORD) return problem(401, 'sign_in_wrong');
        if (!this.secondFactor) return this.#signIn();
        return ok({ ticket: 't1', methods: this.secondFactor, ...(this.secondFactor.includes('passkey') ? { passkey: { challenge: 'AAAA', rpId: 'localhost', allowCredentials: [] } } : {}) }, 202);
      }
      case 'POST /sign-in/second':
        if (this.ticketGone) return problem(401, 'ticket_gone');
        return body.totp === TOTP || body.recovery === RECOVERY || body.password === PASSWORD ? this.#signIn() : problem(401, 'second_wrong');
      case 'POST /sign-in/passkey':
        return ok({ ticket: 'p', options: { challenge: 'AAAA', rpId: 'localhost', userVerification: 'required' } });
      case 'POST /invitation':
        return body.token === 'gone' ? problem(410, 'link_gone') : ok(state.invitation);
      case 'POST /invitation/accept':
        return body.token === 'gone' ? problem(410, 'link_gone') : this.#signIn();
      case 'POST /password-reset':
        return { status: 202 };
      case 'POST /password-reset/finish':
        return body.token === 'gone' ? problem(410, 'link_gone') : none;
      default:
        return null;
    }
  }

  #signIn() {
    this.signedIn ??= 'u1';
    return ok({ user: this.user });
  }

  #own(route, body) {
    const { state } = this;
    const again = () => (body.password === PASSWORD ? null : problem(403, 'password_wrong'));
    const added = (first) => ok({ ...(first ? { recovery_codes: Array.from({ length: 10 }, (_, at) => `k${at}m2-p9q${at}`) } : {}), signed_in: { user: this.user } });
    const passkey = /^POST \/me\/methods\/passkeys\/([^/]+)\/remove$/.exec(route)?.[1];
    if (passkey) {
      const refused = again();
      if (refused) return refused;
      state.methods.passkeys = state.methods.passkeys.filter(({ id }) => id !== passkey);
      return ok({ user: this.user });
    }
    const signIn = /^DELETE \/me\/sign-ins\/([^/]+)$/.exec(route)?.[1];
    if (signIn) {
      state.signIns = state.signIns.filter(({ id }) => id !== signIn);
      return none;
    }
    switch (route) {
      case 'POST /sign-out':
        this.signedIn = null;
        return none;
      case 'GET /me':
        return ok(this.user);
      case 'PATCH /me':
        state.people[0].name = body.name;
        return ok(this.user);
      case 'POST /me/password':
        return body.current === PASSWORD ? ok({ user: this.user }) : problem(403, 'password_wrong');
      case 'GET /me/sign-ins':
        return ok({ sign_ins: state.signIns });
      case 'DELETE /me/sign-ins':
        this.signedIn = null;
        return none;
      case 'GET /me/methods':
        return ok(state.methods);
      case 'POST /me/methods/totp': {
        const refused = again();
        return refused ?? ok({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: 'otpauth://totp/Farhand:maria?secret=JBSWY3DPEHPK3PXP', qr: QR });
      }
      case 'POST /me/methods/totp/confirm': {
        if (body.code !== TOTP) return problem(422, 'second_wrong');
        const first = !state.methods.totp && state.methods.passkeys.length === 0;
        state.methods.totp = this.now;
        if (first) state.methods.recovery_codes = 10;
        this.mustAdd = false;
        return added(first);
      }
      case 'POST /me/methods/totp/remove': {
        const refused = again();
        if (refused) return refused;
        if (state.methods.demanded && state.methods.passkeys.length === 0) return problem(409, 'last_method');
        state.methods.totp = undefined;
        return ok({ user: this.user });
      }
      case 'POST /me/methods/recovery': {
        const refused = again();
        if (refused) return refused;
        state.methods.recovery_codes = 10;
        return ok({ codes: Array.from({ length: 10 }, (_, at) => `n${at}w2-p9q${at}`) });
      }
      default:
        return this.mustAdd && !route.startsWith('GET /service') ? problem(403, 'method_needed') : null;
    }
  }

  #rest(method, path, query, body) {
    const { state } = this;
    const route = `${method} ${path}`;
    const [, top, id, more] = path.split('/');
    const administrator = this.user.role === 'administrator';
    if (top === 'sessions' && ['note', 'chat'].includes(more)) return this.#talk(method, id, more, body);
    if (!administrator && !['GET /history', 'GET /organisation', 'GET /organisation/logo', 'GET /receipt-key', 'GET /canned-replies'].includes(route)) return problem(403, 'administrator_only');
    if (top === 'canned-replies') return this.#reply(method, id, body);
    if (top === 'people' && id) return this.#person(method, id, more, body);
    if (top === 'invitations') return this.#invitation(method, id, more, body);
    if (top === 'groups' && (id || method === 'POST')) return this.#group(method, id, body);
    if (top === 'outbox' && id) {
      if (method === 'DELETE') state.outbox.mails = state.outbox.mails.filter((mail) => mail.id !== id);
      return method === 'DELETE' ? none : ok({ ...state.outbox.mails.find((mail) => mail.id === id), state: 'waiting' });
    }
    if (top === 'api-keys' && method === 'DELETE') {
      state.keys = state.keys.filter((key) => key.id !== id);
      return none;
    }
    switch (route) {
      case 'GET /people':
        return ok({ people: state.people, invitations: state.invitations });
      case 'GET /groups':
        return ok({ groups: this.#groups() });
      case 'GET /organisation':
        return ok(state.organisation);
      case 'PATCH /organisation':
        if (body.second_method_demanded && !state.methods.totp && state.methods.passkeys.length === 0) return problem(409, 'own_method_first');
        Object.assign(state.organisation, body);
        return ok(state.organisation);
      case 'PUT /organisation/logo':
        state.organisation.logo = true;
        this.logo = body;
        return none;
      case 'GET /organisation/logo':
        return this.logo ? { status: 200, body: this.logo, type: 'image/png' } : { status: 404 };
      case 'DELETE /organisation/logo':
        state.organisation.logo = false;
        return none;
      case 'PUT /organisation/subscription':
        state.organisation.subscription_ends_at = body.ends_at;
        return ok(state.organisation);
      case 'POST /organisation/domain':
        if (!/^[a-z0-9.-]+\.[a-z]+$/.test(body.name)) return problem(422, 'domain_invalid');
        state.organisation.domain = { name: body.name, txt_name: `_farhand.${body.name}`, value: 'farhand-verification=Zk3vQ8sN1xT5uW7y', file_url: `https://${body.name}/.well-known/farhand.txt` };
        return ok(state.organisation.domain);
      case 'POST /organisation/domain/check': {
        const { domain } = state.organisation;
        state.organisation.domain = this.domainFound ? { ...domain, verified_at: domain.verified_at ?? this.now, problem: undefined, shown_until: undefined } : { ...domain, problem: 'no_record' };
        return ok(state.organisation.domain);
      }
      case 'DELETE /organisation/domain':
        state.organisation.domain = null;
        return none;
      case 'GET /api-keys':
        return ok({ keys: state.keys });
      case 'POST /api-keys': {
        const key = { id: `k${state.keys.length + 1}`, name: body.name, scopes: body.scopes, created_by: this.user.name, created_at: this.now, expires_at: this.now + body.days * DAY };
        state.keys.unshift(key);
        return ok({ key, secret: `fhk_${randomBytes(24).toString('base64url')}` }, 201);
      }
      case 'GET /outbox':
        return ok(state.outbox);
      case 'GET /organisation/windows':
        return ok(state.windows);
      case 'PUT /organisation/windows':
        state.windows = body;
        return ok(state.windows);
      case 'GET /alerts':
        return ok(state.alerts);
      case 'PUT /alerts':
        state.alerts = body;
        return ok(body);
      case 'GET /audit':
        return this.#page(
          state.audit.filter((entry) => ['actor', 'action', 'session'].every((name) => !query.get(name) || entry[name] === query.get(name)) && (!query.get('security') || entry.security)),
          query,
          'at',
          'entries',
        );
      case 'GET /audit/verify':
        return ok(this.brokenAt ? { entries: 120, whole: false, broken_at: this.brokenAt } : { entries: 120, whole: true });
      case 'GET /audit/export':
        return { status: 200, body: state.audit.map((entry) => JSON.stringify(entry)).join('\n'), type: 'application/jsonl' };
      case 'GET /receipt-key':
        return ok(state.receiptKey ?? {});
      case 'PUT /receipt-key':
        state.receiptKey = { public_key: body.public_key, made_at: Date.now() };
        return ok(state.receiptKey);
      case 'GET /receipts':
        return ok({ receipts: [] });
      case 'GET /history': {
        const own = administrator ? state.sessions : state.sessions.filter(({ technician }) => technician === this.signedIn);
        const words = (query.get('search') ?? '').toLowerCase();
        const found = own.filter(
          (session) =>
            ['technician', 'outcome', 'result'].every((name) => !query.get(name) || (session[name] ?? 'none') === query.get(name)) &&
            `${session.technician_name} ${session.note ?? ''}`.toLowerCase().includes(words),
        );
        return this.#page(found, query, 'created_at', 'sessions');
      }
      case 'GET /report':
        return ok({ rows: this.#report(Number(query.get('from')), Number(query.get('to'))) });
      case 'GET /report.csv':
        return { status: 200, body: 'day,technician,outcome,sessions\n', type: 'text/csv' };
      case 'GET /data':
        return ok({ ...state.data, sessions: state.sessions.length });
      case 'GET /data/export':
        return { status: 200, body: 'tar', type: 'application/x-tar' };
      case 'PUT /data/retention':
        state.data.retention_days = body.days;
        return ok(state.data);
      case 'POST /data/deletion': {
        if (body.confirm !== state.organisation.name) return problem(422, 'confirm_wrong');
        state.sessions = body.session ? state.sessions.filter((session) => session.id !== body.session) : [];
        const deletion = { id: `d${state.data.deletions.length + 1}`, asked_at: this.now, done_at: this.now, summary: body.session ? 'sessions' : 'all_sessions', confirmation: 'Deleted.' };
        state.data.deletions.unshift(deletion);
        return ok(deletion);
      }
      default:
        return problem(404, 'not_found');
    }
  }

  #person(method, id, more, body) {
    const { state } = this;
    const person = state.people.find((one) => one.id === id);
    if (!person) return problem(404, 'person_unknown');
    if (more === 'sign-ins') return method === 'GET' ? ok({ sign_ins: state.signIns.map((one) => ({ ...one, this: false })) }) : none;
    if (more === 'reset') return { status: 202 };
    if (more === 'remove-methods') {
      Object.assign(person, { totp: false, passkeys: 0 });
      return none;
    }
    if (method === 'PATCH') {
      const administrators = state.people.filter((one) => one.role === 'administrator' && !one.locked);
      if ((body.role === 'technician' || body.locked) && administrators.length === 1 && administrators[0] === person) return problem(409, 'last_administrator');
      Object.assign(person, body);
    }
    if (method === 'DELETE') state.people = state.people.filter((one) => one !== person);
    return method === 'DELETE' ? none : ok(person);
  }

  #invitation(method, id, more, body) {
    const { state } = this;
    if (method === 'POST' && !id) {
      if (state.people.some(({ email }) => email === body.email)) return problem(409, 'email_taken');
      const made = { id: `i${state.invitations.length + 1}`, ...body, created_at: this.now, expires_at: this.now + 7 * DAY };
      state.invitations.unshift(made);
      return ok(made, 201);
    }
    if (method === 'DELETE') state.invitations = state.invitations.filter((one) => one.id !== id);
    if (more === 'again') state.invitations.find((one) => one.id === id).expires_at = this.now + 7 * DAY;
    return method === 'DELETE' ? none : ok(state.invitations.find((one) => one.id === id));
  }

  #group(method, id, body) {
    const { state } = this;
    if (method !== 'DELETE' && body.policy.addresses.some((range) => !/^[0-9a-f.:]+(\/\d+)?$/i.test(range))) return problem(422, 'policy_invalid');
    if (method === 'POST') state.groups.push({ id: `g${state.groups.length + 1}`, ...body });
    if (method === 'PUT') Object.assign(state.groups.find((one) => one.id === id), body);
    if (method === 'DELETE') {
      state.groups = state.groups.filter((one) => one.id !== id);
      for (const person of state.people) if (person.group === id) person.group = '';
      return none;
    }
    return ok({ ...this.#groups().find((one) => one.name === body.name) }, method === 'POST' ? 201 : 200);
  }

  /** A session's note, and its sealed chat. */
  #talk(method, id, what, body) {
    const { state } = this;
    const past = state.sessions.find((session) => session.id === id);
    if (what === 'chat') {
      if (method === 'GET') return state.chats[id] ? { status: 200, body: state.chats[id], type: 'application/octet-stream' } : problem(404, 'not_found');
      state.chats[id] = body;
      return none;
    }
    if (method === 'PUT') {
      state.notes[id] = { note: body.note, ...(body.result ? { result: body.result } : {}), at: Date.now() };
      if (past) Object.assign(past, { result: undefined }, state.notes[id]);
    }
    const { note = '', result } = state.notes[id] ?? past ?? {};
    return ok({ note, ...(result ? { result } : {}) });
  }

  #reply(method, id, body) {
    const { state } = this;
    if (method === 'GET') return ok({ replies: state.replies.toSorted((a, b) => a.title.localeCompare(b.title)) });
    if (method === 'DELETE') {
      state.replies = state.replies.filter((reply) => reply.id !== id);
      return none;
    }
    const reply = { id: id ?? `c${state.replies.length + 10}`, ...body };
    state.replies = [...state.replies.filter((one) => one.id !== reply.id), reply];
    return ok(reply, id ? 200 : 201);
  }

  #page(all, query, time, name) {
    const [from, to] = ['from', 'to'].map((word) => (query.get(word) ? Number(query.get(word)) : null));
    const shown = all.filter((row) => (from === null || row[time] >= from) && (to === null || row[time] <= to));
    const start = query.get('before') ? shown.findIndex((row) => row.id === query.get('before')) + 1 : 0;
    const rows = shown.slice(start, start + Number(query.get('limit')));
    return ok({ [name]: rows, ...(start + rows.length < shown.length ? { next: rows.at(-1).id } : {}) });
  }

  #report(from, to) {
    const rows = new Map();
    for (const session of this.state.sessions) {
      if (session.created_at < from || session.created_at > to) continue;
      const day = new Date(session.created_at).toISOString().slice(0, 10);
      const key = [day, session.technician, session.outcome].join();
      const row = rows.get(key) ?? { day, technician: session.technician, technician_name: session.technician_name, ...(session.outcome ? { outcome: session.outcome } : {}), sessions: 0, joined: 0, seconds: 0, solved: 0, not_solved: 0, follow_up: 0, passed_on: 0 };
      row.sessions += 1;
      if (session.result) row[session.result] += 1;
      if (session.joined_at) row.joined += 1;
      if (session.joined_at && session.ended_at) row.seconds += Math.round((session.ended_at - session.joined_at) / 1000);
      rows.set(key, row);
    }
    return [...rows.values()].sort((a, b) => a.day.localeCompare(b.day));
  }
}
