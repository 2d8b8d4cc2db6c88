-- The customer's computer restarts, and is expected back until then: milliseconds since 1970.

ALTER TABLE sessions ADD COLUMN back_until BIGINT;
