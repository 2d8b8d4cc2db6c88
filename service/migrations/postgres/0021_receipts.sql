-- The tenant's key for receipts, of which only the public half is here, and the receipts that were sealed to it: the service
-- cannot open them.

CREATE TABLE receipt_keys (
    tenant     TEXT   NOT NULL PRIMARY KEY REFERENCES tenants (tenant) ON DELETE CASCADE,
    public_key BYTEA  NOT NULL,
    made_at    BIGINT NOT NULL,
    made_by    TEXT   NOT NULL
);

CREATE TABLE receipts (
    tenant  TEXT   NOT NULL,
    session TEXT   NOT NULL,
    number  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    letter  BYTEA  NOT NULL,
    PRIMARY KEY (tenant, session),
    FOREIGN KEY (tenant, session) REFERENCES sessions (tenant, id) ON DELETE CASCADE
);
