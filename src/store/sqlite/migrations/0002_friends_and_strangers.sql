-- The guess budget, the delays after wrong passwords, devices, links and the audit. As before, instants are
-- milliseconds, identifiers the 16 bytes of a UUID, and no column holds a code, a token or a password (S12).

-- Guesses that count as failures. Those of clients that the account does not know have no device. A number is
-- never given twice, so that who takes back a guess never takes back another's.
CREATE TABLE guess_failures (
    number     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id BLOB    NOT NULL CHECK (length(account_id) = 16),
    device_id  BLOB CHECK (length(device_id) = 16),
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX guess_failures_by_guesser ON guess_failures (account_id, device_id, at);
CREATE INDEX guess_failures_by_age ON guess_failures (at);

-- When the owner was last told that the budget is spent.
CREATE TABLE budget_notices (
    account_id BLOB    NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    told_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX budget_notices_by_age ON budget_notices (told_at);

-- Under a hash of the caller's key: what somebody typed as a name may be anything, and long, and a password.
CREATE TABLE password_failures (
    key_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    count    INTEGER NOT NULL CHECK (count > 0),
    last_at  INTEGER NOT NULL,
    next_try INTEGER NOT NULL
) STRICT;

CREATE INDEX password_failures_by_age ON password_failures (last_at);

CREATE TABLE devices (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id    BLOB    NOT NULL CHECK (length(account_id) = 16),
    epoch         INTEGER NOT NULL,
    host          TEXT    NOT NULL,
    trusted_until INTEGER,
    created_at    INTEGER NOT NULL,
    used_at       INTEGER NOT NULL,
    client        TEXT    NOT NULL,
    token_hash    BLOB    NOT NULL CHECK (length(token_hash) = 32),
    previous_hash BLOB CHECK (length(previous_hash) = 32),
    rotated_at    INTEGER,
    CHECK ((previous_hash IS NULL) = (rotated_at IS NULL))
) STRICT;

CREATE INDEX devices_by_account ON devices (account_id, used_at);
CREATE INDEX devices_by_use ON devices (used_at);

-- The tokens that a device had before its present one, by which a copy is recognised (S32).
CREATE TABLE device_tokens (
    number     INTEGER NOT NULL PRIMARY KEY,
    device_id  BLOB    NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    token_hash BLOB    NOT NULL CHECK (length(token_hash) = 32)
) STRICT;

CREATE INDEX device_tokens_by_device ON device_tokens (device_id);

-- The present link of a challenge. A challenge from before there were links has none.
ALTER TABLE challenges ADD COLUMN link_hash BLOB CHECK (length(link_hash) = 32);
ALTER TABLE challenges ADD COLUMN relay_mac BLOB CHECK (length(relay_mac) = 32);

CREATE UNIQUE INDEX challenges_by_link ON challenges (link_hash);

-- Numbers grow for ever, whatever is purged, so that whoever follows misses nothing.
CREATE TABLE audit (
    number     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    event      TEXT    NOT NULL,
    result     TEXT    NOT NULL,
    account_id BLOB CHECK (length(account_id) = 16),
    address    TEXT,
    user_agent TEXT    NOT NULL,
    device_id  BLOB CHECK (length(device_id) = 16)
) STRICT;

CREATE INDEX audit_by_account ON audit (account_id);
CREATE INDEX audit_by_age ON audit (at);
