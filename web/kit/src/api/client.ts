import type { CreateSession, Problem, ServiceInfo, SessionCreated, SessionList, SetUp } from "../types";
import type {
  Alerts,
  ApiKeyCreated,
  ApiKeys,
  AuditPage,
  AuditVerified,
  ChangeOrganisation,
  ChangePerson,
  DataOverview,
  Deletion,
  Domain,
  Group,
  Groups,
  History,
  Invitation,
  InvitationShown,
  Invite,
  Mail,
  MethodAdded,
  Methods,
  Organisation,
  Outbox,
  PasskeyAssertion,
  PasskeyAttestation,
  PasskeyBegun,
  PasskeyChallenge,
  People,
  Person,
  PutGroup,
  RecoveryCodes,
  Report,
  Scope,
  SecondFactor,
  SecondStep,
  SignedIn,
  SignInList,
  TotpBegun,
  User,
} from "./model";
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

type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

let refused: (error: ApiError) => void = () => {};

/** Told of every refusal, such as that of a sign-in that no longer stands. */
export function onRefusal(listener: (error: ApiError) => void): void {
  refused = listener;
}

/** The address of an operation, for links. */
export function address(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") words.set(name, String(value));
  const text = words.toString();
  return `${transport().base}/api/v1${path}${text ? `?${text}` : ""}`;
}

async function answer(verb: Verb, url: string, body: BodyInit | null, kind: string | null): Promise<Response> {
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

async function call<T>(verb: Verb, path: string, body?: unknown, query?: Query): Promise<T> {
  const response = await answer(verb, address(path, query), body === undefined ? null : JSON.stringify(body), body === undefined ? null : "application/json");
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
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

const one = (path: string, id: string): string => `${path}/${encodeURIComponent(id)}`;

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
  search?: string | undefined;
}

export interface Page {
  before?: string | undefined;
  limit: number;
}

export const api = {
  service: () => call<ServiceInfo>("GET", "/service"),
  setUp: (form: SetUp) => signsIn(call<SignedIn>("POST", "/setup", form)),

  signIn: (email: string, password: string) => signsIn(call<SignedIn | SecondStep>("POST", "/sign-in", { email, password })),
  signInSecond: (form: SecondFactor) => signsIn(call<SignedIn>("POST", "/sign-in/second", form)),
  passkeyChallenge: () => call<PasskeyChallenge>("POST", "/sign-in/passkey"),
  signInPasskey: (ticket: string, passkey: PasskeyAssertion) =>
    signsIn(call<SignedIn | SecondStep>("POST", "/sign-in/passkey/finish", { ticket, passkey })),
  signOut: () => call<void>("POST", "/sign-out"),
  invitation: (token: string) => call<InvitationShown>("POST", "/invitation", { token }),
  acceptInvitation: (token: string, name: string, password: string) =>
    signsIn(call<SignedIn>("POST", "/invitation/accept", { token, name, password })),
  askReset: (email: string) => call<void>("POST", "/password-reset", { email }),
  finishReset: (token: string, password: string) => call<void>("POST", "/password-reset/finish", { token, password }),

  me: () => call<User>("GET", "/me"),
  changeMe: (name: string) => call<User>("PATCH", "/me", { name }),
  changePassword: (current: string, next: string) => signsIn(call<SignedIn>("POST", "/me/password", { current, new: next })),
  mySignIns: () => call<SignInList>("GET", "/me/sign-ins"),
  endMySignIn: (id: string) => call<void>("DELETE", one("/me/sign-ins", id)),
  endMySignIns: () => call<void>("DELETE", "/me/sign-ins"),
  methods: () => call<Methods>("GET", "/me/methods"),
  beginTotp: (password: string) => call<TotpBegun>("POST", "/me/methods/totp", { password }),
  confirmTotp: (code: string) => signsIn(call<MethodAdded>("POST", "/me/methods/totp/confirm", { code })),
  removeTotp: (password: string) => signsIn(call<SignedIn>("POST", "/me/methods/totp/remove", { password })),
  beginPasskey: (password: string) => call<PasskeyBegun>("POST", "/me/methods/passkeys", { password }),
  confirmPasskey: (ticket: string, name: string, passkey: PasskeyAttestation) =>
    signsIn(call<MethodAdded>("POST", "/me/methods/passkeys/confirm", { ticket, name, passkey })),
  removePasskey: (id: string, password: string) => signsIn(call<SignedIn>("POST", `${one("/me/methods/passkeys", id)}/remove`, { password })),
  recoveryCodes: (password: string) => call<RecoveryCodes>("POST", "/me/methods/recovery", { password }),

  sessions: () => call<SessionList>("GET", "/sessions"),
  createSession: (form: CreateSession) => call<SessionCreated>("POST", "/sessions", form),
  history: (filter: HistoryFilter, page: Page) => call<History>("GET", "/history", undefined, { ...filter, ...page }),
  report: (from: number, to: number) => call<Report>("GET", "/report", undefined, { from, to }),

  people: () => call<People>("GET", "/people"),
  person: (id: string) => call<Person>("GET", one("/people", id)),
  changePerson: (id: string, change: ChangePerson) => call<Person>("PATCH", one("/people", id), change),
  removePerson: (id: string) => call<void>("DELETE", one("/people", id)),
  personSignIns: (id: string) => call<SignInList>("GET", `${one("/people", id)}/sign-ins`),
  endPersonSignIns: (id: string) => call<void>("DELETE", `${one("/people", id)}/sign-ins`),
  resetPerson: (id: string) => call<void>("POST", `${one("/people", id)}/reset`),
  removePersonMethods: (id: string) => call<void>("POST", `${one("/people", id)}/remove-methods`),
  invite: (form: Invite) => call<Invitation>("POST", "/invitations", form),
  inviteAgain: (id: string) => call<Invitation>("POST", `${one("/invitations", id)}/again`),
  withdrawInvitation: (id: string) => call<void>("DELETE", one("/invitations", id)),

  groups: () => call<Groups>("GET", "/groups"),
  addGroup: (form: PutGroup) => call<Group>("POST", "/groups", form),
  putGroup: (id: string, form: PutGroup) => call<Group>("PUT", one("/groups", id), form),
  removeGroup: (id: string) => call<void>("DELETE", one("/groups", id)),

  organisation: () => call<Organisation>("GET", "/organisation"),
  changeOrganisation: (change: ChangeOrganisation) => call<Organisation>("PATCH", "/organisation", change),
  putSubscription: (ends_at: number | undefined) => call<Organisation>("PUT", "/organisation/subscription", { ends_at }),
  putLogo: async (file: Blob) => void (await answer("PUT", address("/organisation/logo"), file, file.type)),
  removeLogo: () => call<void>("DELETE", "/organisation/logo"),
  logo: async () => (await answer("GET", address("/organisation/logo"), null, null)).blob(),
  putDomain: (name: string) => call<Domain>("POST", "/organisation/domain", { name }),
  checkDomain: () => call<Domain>("POST", "/organisation/domain/check"),
  removeDomain: () => call<void>("DELETE", "/organisation/domain"),
  alerts: () => call<Alerts>("GET", "/alerts"),
  putAlerts: (form: Alerts) => call<Alerts>("PUT", "/alerts", form),
  outbox: () => call<Outbox>("GET", "/outbox"),
  sendAgain: (id: string) => call<Mail>("POST", `${one("/outbox", id)}/again`),
  removeMail: (id: string) => call<void>("DELETE", one("/outbox", id)),

  audit: (filter: AuditFilter, page: Page) => call<AuditPage>("GET", "/audit", undefined, { ...filter, ...page }),
  verifyAudit: () => call<AuditVerified>("GET", "/audit/verify"),

  data: () => call<DataOverview>("GET", "/data"),
  putRetention: (days: number | undefined) => call<DataOverview>("PUT", "/data/retention", { days }),
  deleteData: (session: string | undefined, confirm: string) => call<Deletion>("POST", "/data/deletion", { session, confirm }),

  keys: () => call<ApiKeys>("GET", "/api-keys"),
  addKey: (name: string, scopes: Scope[], days: number) => call<ApiKeyCreated>("POST", "/api-keys", { name, scopes, days }),
  removeKey: (id: string) => call<void>("DELETE", one("/api-keys", id)),
};
