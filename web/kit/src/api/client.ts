import type { CreateSession, Problem, SetUp } from "../types";
import type {
  Alerts,
  ChangeOrganisation,
  ChangePerson,
  Invite,
  InviteColleague,
  MethodAdded,
  PasskeyAssertion,
  PasskeyAttestation,
  PutCannedReply,
  PutGroup,
  PutSessionNote,
  Scope,
  SecondFactor,
  SecondStep,
  SignedIn,
  WindowRules,
} from "./model";
import type { Answer, Given, Operation, PathsWith, Verb } from "./typed";
import { transport } from "./transport";

/** An answer that is not the one hoped for: `code` is for looking up a sentence, `message` is the service's own. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(status: number, problem: Problem) {
    super(problem.message);
    this.status = status;
    this.code = problem.code;
  }
}

/** Nobody answered: no network, or no service. */
export const UNREACHABLE = "unreachable";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

let refused: (error: ApiError) => void = () => {};

/** Told of every refusal, such as that of a sign-in that no longer stands. */
export function onRefusal(listener: (error: ApiError) => void): void {
  refused = listener;
}

const API = "/api/v1";

/** The address of an operation, for links. */
export function address(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") words.set(name, String(value));
  const text = words.toString();
  return `${transport().base}${API}${path}${text ? `?${text}` : ""}`;
}

async function answer(verb: Uppercase<Verb>, url: string, body: BodyInit | null, kind: string | null): Promise<Response> {
  let response: Response;
  try {
    const headers = { ...transport().headers(), ...(kind === null ? {} : { "content-type": kind }) };
    response = await transport().fetch(url, { method: verb, headers, ...(body === null ? {} : { body }) });
  } catch {
    throw new ApiError(0, { code: UNREACHABLE, message: "The service cannot be reached." });
  }
  if (response.ok) return response;
  const error = new ApiError(response.status, problemOf(await response.text(), response.status));
  refused(error);
  throw error;
}

/** One operation of the service's OpenAPI document: what it takes and what it answers are checked against that. */
async function call<V extends Verb, P extends PathsWith<V>>(
  verb: V,
  path: P,
  ...[given]: Record<never, never> extends Given<Operation<P, V>> ? [Given<Operation<P, V>>?] : [Given<Operation<P, V>>]
): Promise<Answer<Operation<P, V>>> {
  const { path: places = {}, query = {}, body } = (given ?? {}) as { path?: Record<string, string>; query?: Query; body?: unknown };
  const filled = path.slice(API.length).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(places[name] ?? ""));
  const json = body === undefined ? null : JSON.stringify(body);
  const response = await answer(verb.toUpperCase() as Uppercase<Verb>, address(filled, query), json, json === null ? null : "application/json");
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Answer<Operation<P, V>>;
}

function problemOf(text: string, status: number): Problem {
  try {
    const { code, message } = JSON.parse(text) as Partial<Problem>;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  return { code: `http_${status}`, message: `The service answered ${status}.` };
}

/** A sign-in is done, or another method is to follow. */
export function isDone(step: SignedIn | SecondStep): step is SignedIn {
  return "user" in step;
}

/** A program that keeps its token itself gets the new one. */
async function signsIn<T extends SignedIn | SecondStep | MethodAdded>(coming: Promise<T>): Promise<T> {
  const came = await coming;
  const token = "signed_in" in came ? came.signed_in.token : "user" in came ? came.token : undefined;
  if (token) transport().keep?.(token);
  return came;
}

/** Saves what an operation answers as a file. */
export async function download(path: string, name: string, query: Query = {}): Promise<void> {
  const link = document.createElement("a");
  link.download = name;
  if (transport().base === "") {
    link.href = address(path, query);
    link.click();
    return;
  }
  link.href = URL.createObjectURL(await (await answer("GET", address(path, query), null, null)).blob());
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export interface AuditFilter {
  from?: number | undefined;
  to?: number | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  outcome?: string | undefined;
  session?: string | undefined;
  security?: boolean | undefined;
}

export interface HistoryFilter {
  from?: number | undefined;
  to?: number | undefined;
  technician?: string | undefined;
  outcome?: string | undefined;
  result?: string | undefined;
  search?: string | undefined;
}

export interface Page {
  before?: string | undefined;
  limit: number;
}

export const api = {
  service: () => call("get", "/api/v1/service"),
  startToken: (number: string) => call("post", "/api/v1/start-token", { body: { number } }),
  setUp: (form: SetUp) => signsIn(call("post", "/api/v1/setup", { body: form })),

  signIn: (email: string, password: string) => signsIn(call("post", "/api/v1/sign-in", { body: { email, password } })),
  signInSecond: (form: SecondFactor) => signsIn(call("post", "/api/v1/sign-in/second", { body: form })),
  passkeyChallenge: () => call("post", "/api/v1/sign-in/passkey"),
  signInPasskey: (ticket: string, passkey: PasskeyAssertion) =>
    signsIn(call("post", "/api/v1/sign-in/passkey/finish", { body: { ticket, passkey } })),
  signOut: () => call("post", "/api/v1/sign-out"),
  invitation: (token: string) => call("post", "/api/v1/invitation", { body: { token } }),
  acceptInvitation: (token: string, name: string, password: string) =>
    signsIn(call("post", "/api/v1/invitation/accept", { body: { token, name, password } })),
  askReset: (email: string) => call("post", "/api/v1/password-reset", { body: { email } }),
  finishReset: (token: string, password: string) => call("post", "/api/v1/password-reset/finish", { body: { token, password } }),

  me: () => call("get", "/api/v1/me"),
  changeMe: (name: string) => call("patch", "/api/v1/me", { body: { name } }),
  changePassword: (current: string, next: string) => signsIn(call("post", "/api/v1/me/password", { body: { current, new: next } })),
  mySignIns: () => call("get", "/api/v1/me/sign-ins"),
  endMySignIn: (id: string) => call("delete", "/api/v1/me/sign-ins/{id}", { path: { id } }),
  endMySignIns: () => call("delete", "/api/v1/me/sign-ins"),
  methods: () => call("get", "/api/v1/me/methods"),
  beginTotp: (password: string) => call("post", "/api/v1/me/methods/totp", { body: { password } }),
  confirmTotp: (code: string) => signsIn(call("post", "/api/v1/me/methods/totp/confirm", { body: { code } })),
  removeTotp: (password: string) => signsIn(call("post", "/api/v1/me/methods/totp/remove", { body: { password } })),
  beginPasskey: (password: string) => call("post", "/api/v1/me/methods/passkeys", { body: { password } }),
  confirmPasskey: (ticket: string, name: string, passkey: PasskeyAttestation) =>
    signsIn(call("post", "/api/v1/me/methods/passkeys/confirm", { body: { ticket, name, passkey } })),
  removePasskey: (id: string, password: string) => signsIn(call("post", "/api/v1/me/methods/passkeys/{id}/remove", { path: { id }, body: { password } })),
  recoveryCodes: (password: string) => call("post", "/api/v1/me/methods/recovery", { body: { password } }),

  sessions: () => call("get", "/api/v1/sessions"),
  colleagues: (id: string) => call("get", "/api/v1/sessions/{id}/colleagues", { path: { id } }),
  inviteColleague: (id: string, form: InviteColleague) => call("post", "/api/v1/sessions/{id}/colleagues", { path: { id }, body: form }),
  colleagueInvitations: () => call("get", "/api/v1/colleague-invitations"),
  declineColleague: (id: string) => call("delete", "/api/v1/colleague-invitations/{id}", { path: { id } }),
  createSession: (form: CreateSession) => call("post", "/api/v1/sessions", { body: form }),
  history: (filter: HistoryFilter, page: Page) => call("get", "/api/v1/history", { query: { ...filter, ...page } }),
  receiptKey: () => call("get", "/api/v1/receipt-key"),
  putReceiptKey: (public_key: string) => call("put", "/api/v1/receipt-key", { body: { public_key } }),
  receipts: () => call("get", "/api/v1/receipts"),
  receipt: async (id: string) => (await answer("GET", address(`/sessions/${encodeURIComponent(id)}/receipt`), null, null)).blob(),
  putReceipt: async (id: string, number: string, letter: Uint8Array) =>
    void (await answer("PUT", address(`/sessions/${encodeURIComponent(id)}/receipt`, { number }), letter as BodyInit, "application/octet-stream")),
  note: (id: string) => call("get", "/api/v1/sessions/{id}/note", { path: { id } }),
  putNote: (id: string, form: PutSessionNote) => call("put", "/api/v1/sessions/{id}/note", { path: { id }, body: form }),
  chat: async (id: string) => (await answer("GET", address(`/sessions/${encodeURIComponent(id)}/chat`), null, null)).blob(),
  putChat: async (id: string, letter: Uint8Array) =>
    void (await answer("PUT", address(`/sessions/${encodeURIComponent(id)}/chat`), letter as BodyInit, "application/octet-stream")),
  replies: () => call("get", "/api/v1/canned-replies"),
  addReply: (form: PutCannedReply) => call("post", "/api/v1/canned-replies", { body: form }),
  putReply: (id: string, form: PutCannedReply) => call("put", "/api/v1/canned-replies/{id}", { path: { id }, body: form }),
  removeReply: (id: string) => call("delete", "/api/v1/canned-replies/{id}", { path: { id } }),
  report: (from: number, to: number) => call("get", "/api/v1/report", { query: { from, to } }),

  people: () => call("get", "/api/v1/people"),
  person: (id: string) => call("get", "/api/v1/people/{id}", { path: { id } }),
  changePerson: (id: string, change: ChangePerson) => call("patch", "/api/v1/people/{id}", { path: { id }, body: change }),
  removePerson: (id: string) => call("delete", "/api/v1/people/{id}", { path: { id } }),
  personSignIns: (id: string) => call("get", "/api/v1/people/{id}/sign-ins", { path: { id } }),
  endPersonSignIns: (id: string) => call("delete", "/api/v1/people/{id}/sign-ins", { path: { id } }),
  resetPerson: (id: string) => call("post", "/api/v1/people/{id}/reset", { path: { id } }),
  removePersonMethods: (id: string) => call("post", "/api/v1/people/{id}/remove-methods", { path: { id } }),
  invite: (form: Invite) => call("post", "/api/v1/invitations", { body: form }),
  inviteAgain: (id: string) => call("post", "/api/v1/invitations/{id}/again", { path: { id } }),
  withdrawInvitation: (id: string) => call("delete", "/api/v1/invitations/{id}", { path: { id } }),

  groups: () => call("get", "/api/v1/groups"),
  addGroup: (form: PutGroup) => call("post", "/api/v1/groups", { body: form }),
  putGroup: (id: string, form: PutGroup) => call("put", "/api/v1/groups/{id}", { path: { id }, body: form }),
  removeGroup: (id: string) => call("delete", "/api/v1/groups/{id}", { path: { id } }),

  organisation: () => call("get", "/api/v1/organisation"),
  changeOrganisation: (change: ChangeOrganisation) => call("patch", "/api/v1/organisation", { body: change }),
  putSubscription: (ends_at: number | undefined) => call("put", "/api/v1/organisation/subscription", { body: { ends_at: ends_at ?? null } }),
  putLogo: async (file: Blob) => void (await answer("PUT", address("/organisation/logo"), file, file.type)),
  removeLogo: () => call("delete", "/api/v1/organisation/logo"),
  logo: async () => (await answer("GET", address("/organisation/logo"), null, null)).blob(),
  putDomain: (name: string) => call("post", "/api/v1/organisation/domain", { body: { name } }),
  checkDomain: () => call("post", "/api/v1/organisation/domain/check"),
  removeDomain: () => call("delete", "/api/v1/organisation/domain"),
  windows: () => call("get", "/api/v1/organisation/windows"),
  putWindows: (form: WindowRules) => call("put", "/api/v1/organisation/windows", { body: form }),
  alerts: () => call("get", "/api/v1/alerts"),
  putAlerts: (form: Alerts) => call("put", "/api/v1/alerts", { body: form }),
  outbox: () => call("get", "/api/v1/outbox"),
  sendAgain: (id: string) => call("post", "/api/v1/outbox/{id}/again", { path: { id } }),
  removeMail: (id: string) => call("delete", "/api/v1/outbox/{id}", { path: { id } }),

  audit: (filter: AuditFilter, page: Page) => call("get", "/api/v1/audit", { query: { ...filter, ...page } }),
  verifyAudit: () => call("get", "/api/v1/audit/verify"),

  data: () => call("get", "/api/v1/data"),
  putRetention: (days: number | undefined) => call("put", "/api/v1/data/retention", { body: { days: days ?? null } }),
  deleteData: (session: string | undefined, confirm: string) => call("post", "/api/v1/data/deletion", { body: { session: session ?? null, confirm } }),

  keys: () => call("get", "/api/v1/api-keys"),
  addKey: (name: string, scopes: Scope[], days: number) => call("post", "/api/v1/api-keys", { body: { name, scopes, days } }),
  removeKey: (id: string) => call("delete", "/api/v1/api-keys/{id}", { path: { id } }),
};
