-- Since when the proof of a domain is missing; and whose a token is that somebody shows at a session's door.

ALTER TABLE tenants ADD COLUMN domain_lost_at BIGINT;
CREATE INDEX participants_token ON participants (token_hash);
