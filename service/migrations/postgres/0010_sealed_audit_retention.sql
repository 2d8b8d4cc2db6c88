-- Names are sealed from here on. What the first builds kept of participants and of what happened in open names does not
-- stay: sessions that were open end.

UPDATE sessions SET state = 'ended', ended_at = created_at, end_reason = 'service' WHERE ended_at IS NULL;
DROP TABLE participants;
CREATE TABLE participants (
    tenant       TEXT   NOT NULL,
    session      TEXT   NOT NULL,
    participant  BIGINT NOT NULL,
    role         TEXT   NOT NULL,
    name         BYTEA  NOT NULL,
    organisation BYTEA  NOT NULL,
    user_id      TEXT,
    token_hash   BYTEA,
    PRIMARY KEY (tenant, session, participant),
    FOREIGN KEY (tenant, session) REFERENCES sessions (tenant, id) ON DELETE CASCADE
);

-- A chain of entries for each tenant, and one (tenant '') for the installation. Nothing refers to the tenant: what
-- strangers did belongs to none.
DROP TABLE audit;
CREATE TABLE audit_entries (
    tenant   TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    session  TEXT,
    outcome  TEXT   NOT NULL,
    security BIGINT NOT NULL,
    address  BYTEA  NOT NULL,
    detail   BYTEA  NOT NULL,
    previous BYTEA  NOT NULL,
    PRIMARY KEY (tenant, number)
);
CREATE INDEX audit_security ON audit_entries (tenant, number) WHERE security = 1;
CREATE INDEX audit_time ON audit_entries (tenant, at);

-- Where each chain begins and ends, vouched for with the installation's key: a chain whose end was cut off does not fit.
CREATE TABLE audit_heads (
    tenant        TEXT   NOT NULL PRIMARY KEY,
    first_number  BIGINT NOT NULL,
    base          BYTEA  NOT NULL,
    last_number   BIGINT NOT NULL,
    hash          BYTEA  NOT NULL,
    broken_at     BIGINT NOT NULL,
    key_version   BIGINT NOT NULL,
    mac           BYTEA  NOT NULL
);

-- Who is told of security events, and up to which entry they have been.
CREATE TABLE alert_targets (
    tenant      TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    target      BYTEA  NOT NULL,
    sent_number BIGINT NOT NULL,
    failures    BIGINT NOT NULL,
    retry_at    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE retention (
    tenant               TEXT   NOT NULL PRIMARY KEY REFERENCES tenants (tenant) ON DELETE CASCADE,
    days                 BIGINT,
    subscription_ends_at BIGINT
);

-- Requests for deletion with their confirmations. They outlive what they deleted.
CREATE TABLE deletions (
    tenant       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    sessions     TEXT   NOT NULL,
    requested_by TEXT   NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    done_at      BIGINT,
    statement    TEXT,
    signature    TEXT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX deletions_due ON deletions (due_at) WHERE done_at IS NULL;

-- The key that signs confirmations (tenant '').
CREATE TABLE signing_keys (
    tenant     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    pkcs8      BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
