import type { paths } from "./schema";

/** What the OpenAPI document says of an operation, as types: which paths there are, what each takes, what it answers. */

export type Verb = "get" | "post" | "put" | "patch" | "delete";

/** The paths that know a verb. */
export type PathsWith<V extends Verb> = {
  [P in keyof paths]: paths[P] extends Record<V, { responses: unknown }> ? P : never;
}[keyof paths];

export type Operation<P extends keyof paths, V extends Verb> = Exclude<paths[P][V], undefined>;

type Success = 200 | 201 | 202 | 204;
type Json<R> = R extends { content: { "application/json": infer T } } ? T : undefined;

/** What comes back when it goes well; of several kinds of success any. */
export type Answer<O> = O extends { responses: infer R } ? { [S in keyof R & Success]: Json<R[S]> }[keyof R & Success] : never;

type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? { body: B } : unknown;
type Places<O> = O extends { parameters: { path: infer P extends Record<string, unknown> } } ? { path: P } : unknown;
type Asked<O> = O extends { parameters: { query?: infer Q } } ? { query?: { [N in keyof Q]: Q[N] | undefined } } : unknown;

/** What an operation takes. */
export type Given<O> = Body<O> & Places<O> & Asked<O>;
