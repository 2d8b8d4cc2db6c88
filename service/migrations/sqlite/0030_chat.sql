-- What technicians often say, what they write down of a session, and a session's chat, sealed to the tenant's key for
-- receipts: the service cannot open the last.

CREATE TABLE canned_replies (
    tenant     TEXT   NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    id         TEXT   NOT NULL,
    title      BLOB   NOT NULL,
    text       BLOB   NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE session_notes (
    tenant  TEXT   NOT NULL,
    session TEXT   NOT NULL,
    result  TEXT,
    note    BLOB   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (tenant, session),
    FOREIGN KEY (tenant, session) REFERENCES sessions (tenant, id) ON DELETE CASCADE
);

CREATE TABLE chats (
    tenant  TEXT   NOT NULL,
    session TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    letter  BLOB   NOT NULL,
    PRIMARY KEY (tenant, session),
    FOREIGN KEY (tenant, session) REFERENCES sessions (tenant, id) ON DELETE CASCADE
);
