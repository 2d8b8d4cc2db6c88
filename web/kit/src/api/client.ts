import type { CreateSession, Problem, ServiceInfo, SessionCreated, SessionList, SetUp, SignedIn, SignIn, User } from "../types";

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

async function call<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, { code: UNREACHABLE, message: "The service cannot be reached." });
  }
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  throw new ApiError(response.status, problemOf(text, response.status));
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

export const api = {
  service: () => call<ServiceInfo>("GET", "/service"),
  me: () => call<User>("GET", "/me"),
  signIn: (form: SignIn) => call<SignedIn>("POST", "/sign-in", form),
  signOut: () => call<void>("POST", "/sign-out"),
  setUp: (form: SetUp) => call<SignedIn>("POST", "/setup", form),
  sessions: () => call<SessionList>("GET", "/sessions"),
  createSession: (form: CreateSession) => call<SessionCreated>("POST", "/sessions", form),
};
