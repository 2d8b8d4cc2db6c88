export type UserRole = "administrator" | "technician";
export type Method = "password" | "totp" | "passkey" | "recovery";
export type Right = "view" | "control" | "files" | "clipboard" | "diagnostics" | "shell" | "camera" | "microphone" | "unattended" | "record";
export type EndReason = "technician" | "customer" | "refused" | "code_expired" | "lost" | "service" | "unknown";
export type PasswordRule = "standard" | "nist";
export type Scope = "people_read" | "organisation_read" | "sessions_read" | "audit_read";
export type MailState = "waiting" | "sent" | "failed";
type Maybe<T> = T | null | undefined;

export interface Policy {
  rights: Right[];
  session_minutes?: Maybe<number>;
  idle_minutes?: Maybe<number>;
  recorded: boolean;
  addresses: string[];
}
export interface User {
  id: string;
  name: string;
  email: string;
  organisation: string;
  role: UserRole;
  must_add_method: boolean;
  policy: Policy;
}
export interface SignedIn {
  token?: Maybe<string>;
  user: User;
}
export interface SecondStep {
  ticket: string;
  methods: Method[];
  passkey?: unknown;
}
export interface SecondFactor {
  ticket: string;
  totp?: string;
  recovery?: string;
  password?: string;
  passkey?: PasskeyAssertion;
}
export interface PasskeyAssertion {
  id: string;
  client_data: string;
  authenticator_data: string;
  signature: string;
  user?: Maybe<string>;
}
export interface PasskeyAttestation {
  id: string;
  client_data: string;
  attestation: string;
}
export interface PasskeyChallenge {
  ticket: string;
  options: unknown;
}
export interface PasskeyBegun {
  ticket: string;
  options: unknown;
}
export interface Methods {
  totp?: Maybe<number>;
  passkeys: Passkey[];
  recovery_codes: number;
  demanded: boolean;
}
export interface Passkey {
  id: string;
  name: string;
  added_at: number;
  used_at?: Maybe<number>;
}
export interface TotpBegun {
  secret: string;
  uri: string;
  qr: string;
}
export interface MethodAdded {
  recovery_codes?: string[];
  signed_in: SignedIn;
}
export interface RecoveryCodes {
  codes: string[];
}
export interface StandingSignIn {
  id: string;
  this: boolean;
  created_at: number;
  seen_at: number;
  expires_at: number;
  address: string;
  program: string;
  methods: Method[];
}
export interface SignInList {
  sign_ins: StandingSignIn[];
}
export interface InvitationShown {
  organisation: string;
  email: string;
  name: string;
  password_rule: PasswordRule;
}
export interface Person {
  id: string;
  name: string;
  email: string;
  role: UserRole;
  group: string;
  locked: boolean;
  paused_until?: Maybe<number>;
  totp: boolean;
  passkeys: number;
  created_at: number;
  signed_in_at?: Maybe<number>;
}
export interface Invitation {
  id: string;
  email: string;
  name: string;
  role: UserRole;
  group: string;
  created_at: number;
  expires_at: number;
}
export interface People {
  people: Person[];
  invitations: Invitation[];
}
export interface ChangePerson {
  name?: string;
  role?: UserRole;
  group?: string;
  locked?: boolean;
}
export interface Invite {
  email: string;
  name: string;
  role: UserRole;
  group: string;
}
export interface Group {
  id: string;
  name: string;
  policy: Policy;
  people: number;
}
export interface Groups {
  groups: Group[];
}
export interface PutGroup {
  name: string;
  policy: Policy;
}
export interface Domain {
  name: string;
  verified_at?: Maybe<number>;
  txt_name: string;
  value: string;
  file_url: string;
  problem?: Maybe<string>;
}
export interface Organisation {
  id: string;
  name: string;
  logo: boolean;
  password_rule: PasswordRule;
  second_method_demanded: boolean;
  people_with_one_method: number;
  domain?: Maybe<Domain>;
  created_at: number;
  subscription_ends_at?: Maybe<number>;
}
export interface ChangeOrganisation {
  name?: string;
  password_rule?: PasswordRule;
  second_method_demanded?: boolean;
}
export interface AuditEntry {
  id: string;
  at: number;
  actor: string;
  actor_name?: Maybe<string>;
  action: string;
  outcome: string;
  session?: Maybe<string>;
  address: string;
  detail: string;
  security: boolean;
  hash: string;
}
export interface AuditPage {
  entries: AuditEntry[];
  next?: Maybe<string>;
}
export interface AuditVerified {
  entries: number;
  whole: boolean;
  broken_at?: Maybe<string>;
}
export interface Alerts {
  webhook?: Maybe<string>;
  emails: string[];
}
export interface PastSession {
  id: string;
  technician: string;
  technician_name: string;
  created_at: number;
  joined_at?: Maybe<number>;
  ended_at?: Maybe<number>;
  outcome?: Maybe<EndReason>;
  recorded: boolean;
}
export interface History {
  sessions: PastSession[];
  next?: Maybe<string>;
}
export interface ReportRow {
  day: string;
  technician: string;
  technician_name: string;
  outcome?: Maybe<EndReason>;
  sessions: number;
  joined: number;
  seconds: number;
}
export interface Report {
  rows: ReportRow[];
}
export interface Deletion {
  id: string;
  asked_at: number;
  done_at: number;
  summary: string;
  confirmation: string;
}
export interface DataOverview {
  retention_days?: Maybe<number>;
  subscription_ends_at?: Maybe<number>;
  deleted_at?: Maybe<number>;
  sessions: number;
  audit_entries: number;
  deletions: Deletion[];
}
export interface ApiKey {
  id: string;
  name: string;
  scopes: Scope[];
  created_by: string;
  created_at: number;
  expires_at: number;
  used_at?: Maybe<number>;
}
export interface ApiKeys {
  keys: ApiKey[];
}
export interface ApiKeyCreated {
  key: ApiKey;
  secret: string;
}
export interface Mail {
  id: string;
  to: string;
  subject: string;
  text?: Maybe<string>;
  state: MailState;
  tries: number;
  error?: Maybe<string>;
  created_at: number;
}
export interface Outbox {
  sending: boolean;
  mails: Mail[];
}
