import { afterEach, describe, expect, it } from "vitest";
import { address, api, ApiError, isDone, onRefusal, UNREACHABLE } from "./client";
import { useTransport, type Transport } from "./transport";

interface Sent {
  url: string;
  init: RequestInit;
}

function answering(answer: () => Response | Promise<Response>, more: Partial<Transport> = {}): Sent[] {
  const sent: Sent[] = [];
  useTransport({
    base: "https://help.example",
    fetch: (url, init) => {
      sent.push({ url, init });
      return Promise.resolve().then(answer);
    },
    headers: () => ({ authorization: "Bearer t" }),
    ...more,
  });
  return sent;
}

const json = (status: number, body: unknown) => () => new Response(JSON.stringify(body), { status });

afterEach(() => onRefusal(() => {}));

describe("a request", () => {
  it("goes where the program says, with what it adds", async () => {
    const sent = answering(json(200, { people: [], invitations: [] }));
    await api.people();
    expect(sent[0]?.url).toBe("https://help.example/api/v1/people");
    expect(sent[0]?.init).toMatchObject({ method: "GET", headers: { authorization: "Bearer t" } });
    expect(sent[0]?.init.body).toBeUndefined();
  });

  it("keeps an identifier in its place, whatever is in it", async () => {
    const sent = answering(() => new Response(null, { status: 204 }));
    await api.removePerson("../keys?x=1#y");
    expect(sent[0]?.url).toBe("https://help.example/api/v1/people/..%2Fkeys%3Fx%3D1%23y");
  });

  it("leaves out what is not asked", () => {
    answering(json(200, {}));
    expect(address("/audit", { from: undefined, actor: "", limit: 25, security: false })).toBe("https://help.example/api/v1/audit?limit=25&security=false");
  });
});

describe("a refusal", () => {
  it("is told with the service's code, to who asked and to who listens", async () => {
    const heard: string[] = [];
    onRefusal((error) => heard.push(error.code));
    answering(json(409, { code: "last_administrator", message: "No." }));
    await expect(api.people()).rejects.toMatchObject({ status: 409, code: "last_administrator", message: "No." });
    expect(heard).toEqual(["last_administrator"]);
  });

  it("that is not the service's own has a code all the same", async () => {
    answering(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
    await expect(api.people()).rejects.toMatchObject({ code: "http_502" });
  });

  it("differs from nobody being there", async () => {
    answering(() => Promise.reject(new TypeError("no network")));
    const error = await api.people().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 0, code: UNREACHABLE });
  });
});

describe("a sign-in", () => {
  const user = { id: "u" };

  it("gives a program its token, at every step that makes a new one", async () => {
    const kept: string[] = [];
    const keep = (token: string): void => void kept.push(token);
    answering(json(200, { token: "one", user }), { keep });
    await api.signIn("a@b.example", "p");
    answering(json(200, { recovery_codes: [], signed_in: { token: "two", user } }), { keep });
    await api.confirmTotp("123456");
    answering(json(200, { token: "three", user }), { keep });
    await api.changePassword("p", "q");
    expect(kept).toEqual(["one", "two", "three"]);
  });

  it("may be half done", async () => {
    const kept: string[] = [];
    answering(json(202, { ticket: "t", methods: ["totp"] }), { keep: (token) => kept.push(token) });
    const step = await api.signIn("a@b.example", "p");
    expect(isDone(step)).toBe(false);
    expect(kept).toEqual([]);
  });
});
