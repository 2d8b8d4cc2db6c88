-- People, groups, methods, invitations, mail, API keys.

ALTER TABLE tenants ADD COLUMN password_rule TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE tenants ADD COLUMN second_method BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN domain TEXT;
ALTER TABLE tenants ADD COLUMN domain_proof TEXT;
ALTER TABLE tenants ADD COLUMN domain_verified_at BIGINT;
ALTER TABLE tenants ADD COLUMN domain_problem TEXT;
ALTER TABLE tenants ADD COLUMN logo BLOB;

-- Names are sealed from here on; those that the first builds kept are sealed at the next start, which empties open_name.
ALTER TABLE users RENAME COLUMN name TO open_name;
ALTER TABLE users ADD COLUMN name BLOB;
ALTER TABLE users ADD COLUMN group_id TEXT;
ALTER TABLE users ADD COLUMN locked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN signed_in_at BIGINT;
ALTER TABLE users ADD COLUMN totp_secret BLOB;
ALTER TABLE users ADD COLUMN totp_at BIGINT;
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN totp_offered BLOB;

ALTER TABLE sign_ins ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sign_ins ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN program TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN methods TEXT NOT NULL DEFAULT 'password';
CREATE INDEX sign_ins_user ON sign_ins (tenant, user_id);

ALTER TABLE sessions ADD COLUMN joined_at BIGINT;
ALTER TABLE sessions ADD COLUMN policy TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_created ON sessions (tenant, created_at);

CREATE TABLE technician_groups (
    tenant     TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id         TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    policy     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE passkeys (
    tenant     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    credential BLOB   NOT NULL,
    algorithm  BIGINT NOT NULL,
    public_key BLOB   NOT NULL,
    counter    BIGINT NOT NULL,
    name       BLOB   NOT NULL,
    added_at   BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential);

CREATE TABLE recovery_codes (
    tenant    TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (tenant, user_id, code_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);

CREATE TABLE invitations (
    tenant     TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id         TEXT   NOT NULL,
    token_hash BLOB   NOT NULL,
    email      BLOB   NOT NULL,
    name       BLOB   NOT NULL,
    role       TEXT   NOT NULL,
    group_id   TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);

CREATE TABLE password_resets (
    tenant     TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    token_hash BLOB   NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX password_resets_token ON password_resets (token_hash);

CREATE TABLE outbox (
    tenant     TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id         TEXT   NOT NULL,
    recipient  BLOB   NOT NULL,
    subject    TEXT   NOT NULL,
    body       BLOB   NOT NULL,
    state      TEXT   NOT NULL,
    tries      BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    error      TEXT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';

CREATE TABLE api_keys (
    tenant     TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id         TEXT   NOT NULL,
    token_hash BLOB   NOT NULL,
    name       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX api_keys_token ON api_keys (token_hash);
