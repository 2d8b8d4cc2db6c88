-- The tenant's list of windows that agents keep out of the picture, or in which nobody but the customer acts: JSON, sealed.

CREATE TABLE window_rules (
    tenant     TEXT   NOT NULL PRIMARY KEY REFERENCES tenants (tenant) ON DELETE CASCADE,
    rules      BYTEA  NOT NULL,
    changed_at BIGINT NOT NULL
);
