-- Portable columns only: TEXT, BIGINT, BYTEA. Times are milliseconds since 1970. The tenant comes first in every key.

CREATE TABLE tenants (
    tenant     TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    tenant        TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id            TEXT   NOT NULL,
    email         TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
-- An address signs in to one organisation: the tenant is found by it.
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE sign_ins (
    tenant     TEXT   NOT NULL,
    token_hash BYTEA  NOT NULL,
    user_id    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, token_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sign_ins_token ON sign_ins (token_hash);

CREATE TABLE sessions (
    tenant          TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id              TEXT   NOT NULL,
    owner           TEXT   NOT NULL,
    code            TEXT   NOT NULL,
    code_expires_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    revision        BIGINT NOT NULL,
    ended_at        BIGINT,
    end_reason      TEXT,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX sessions_open_code ON sessions (code) WHERE ended_at IS NULL;
CREATE INDEX sessions_open ON sessions (created_at) WHERE ended_at IS NULL;

CREATE TABLE participants (
    tenant       TEXT   NOT NULL,
    session      TEXT   NOT NULL,
    participant  BIGINT NOT NULL,
    role         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    organisation TEXT   NOT NULL,
    user_id      TEXT,
    token_hash   BYTEA,
    PRIMARY KEY (tenant, session, participant),
    FOREIGN KEY (tenant, session) REFERENCES sessions (tenant, id) ON DELETE CASCADE
);

CREATE TABLE audit (
    tenant  TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    session TEXT,
    outcome TEXT   NOT NULL,
    address TEXT   NOT NULL,
    detail  TEXT   NOT NULL,
    PRIMARY KEY (tenant, id)
);
