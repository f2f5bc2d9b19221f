-- Accounts in PostgreSQL. Instants and spans are milliseconds, identifiers the 16 bytes of a UUID. No column holds a code,
-- a token or a password: only hashes and MACs (S12). Keys sort by their bytes, as in the other stores.

CREATE TABLE accounts (
    id            BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT    NOT NULL,
    username_key  TEXT    COLLATE "C" NOT NULL UNIQUE,
    email         TEXT    NOT NULL,
    email_key     TEXT    COLLATE "C" NOT NULL UNIQUE,
    full_name     TEXT,
    groups        TEXT    NOT NULL,
    password_hash TEXT,
    epoch         BIGINT  NOT NULL,
    disabled_at   BIGINT,
    created_at    BIGINT  NOT NULL,
    second_step   BOOLEAN NOT NULL DEFAULT FALSE,
    language      TEXT
);

-- Accounts that are to be. They take neither their name nor their address: any number may have the same.
CREATE TABLE registrations (
    id            BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT   NOT NULL,
    email         TEXT   NOT NULL,
    email_key     TEXT   COLLATE "C" NOT NULL,
    full_name     TEXT,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE INDEX registrations_by_address ON registrations (email_key);
CREATE INDEX registrations_by_age ON registrations (created_at);

CREATE TABLE invitations (
    id         BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token_hash BYTEA  NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    email      TEXT   NOT NULL,
    email_key  TEXT   COLLATE "C" NOT NULL,
    username   TEXT,
    full_name  TEXT,
    groups     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX invitations_by_address ON invitations (email_key);
CREATE INDEX invitations_by_end ON invitations (expires_at);

-- Backup codes, one row for each that was not used. Keyed MACs, never a code (S12, S44).
CREATE TABLE backup_codes (
    account_id BYTEA  NOT NULL CHECK (length(account_id) = 16),
    code_mac   BYTEA  NOT NULL CHECK (length(code_mac) = 32),
    made_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, code_mac)
);

-- Guesses that count as failures. Those of clients that the account does not know have no device. A number is never given
-- twice, so that who takes back a guess never takes back another's.
CREATE TABLE guess_failures (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id BYTEA  NOT NULL CHECK (length(account_id) = 16),
    device_id  BYTEA  CHECK (length(device_id) = 16),
    at         BIGINT NOT NULL
);

CREATE INDEX guess_failures_by_guesser ON guess_failures (account_id, device_id, at);
CREATE INDEX guess_failures_by_age ON guess_failures (at);

-- When the owner was last told that the budget is spent.
CREATE TABLE budget_notices (
    account_id BYTEA  NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    told_at    BIGINT NOT NULL
);

CREATE INDEX budget_notices_by_age ON budget_notices (told_at);

-- Under a hash of the caller's key: what somebody typed as a name may be anything, and long, and a password.
CREATE TABLE password_failures (
    key_hash BYTEA  NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    count    BIGINT NOT NULL CHECK (count > 0),
    last_at  BIGINT NOT NULL,
    next_try BIGINT NOT NULL
);

CREATE INDEX password_failures_by_age ON password_failures (last_at);

CREATE TABLE devices (
    id            BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id    BYTEA  NOT NULL CHECK (length(account_id) = 16),
    epoch         BIGINT NOT NULL,
    host          TEXT   NOT NULL,
    trusted_until BIGINT,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL,
    client        TEXT   NOT NULL,
    token_hash    BYTEA  NOT NULL CHECK (length(token_hash) = 32),
    previous_hash BYTEA  CHECK (length(previous_hash) = 32),
    rotated_at    BIGINT,
    CHECK ((previous_hash IS NULL) = (rotated_at IS NULL))
);

CREATE INDEX devices_by_account ON devices (account_id, used_at);
CREATE INDEX devices_by_use ON devices (used_at);

-- The tokens that a device had before its present one, by which a copy is recognised (S32).
CREATE TABLE device_tokens (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id  BYTEA  NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    token_hash BYTEA  NOT NULL CHECK (length(token_hash) = 32)
);

CREATE INDEX device_tokens_by_device ON device_tokens (device_id);

-- Numbers grow for ever, whatever is purged, so that whoever follows misses nothing.
CREATE TABLE audit (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         BIGINT NOT NULL,
    event      TEXT   NOT NULL,
    result     TEXT   NOT NULL,
    account_id BYTEA  CHECK (length(account_id) = 16),
    address    TEXT,
    user_agent TEXT   NOT NULL,
    device_id  BYTEA  CHECK (length(device_id) = 16)
);

CREATE INDEX audit_by_account ON audit (account_id);
CREATE INDEX audit_by_age ON audit (at);
-- The sign-ins of an account are found without a walk through all that strangers have tried at it.
CREATE INDEX audit_by_account_and_event ON audit (account_id, event);

-- The least step of this schema that a doorward must know to work with it. A step that older ones can live with (a new table,
-- a column that may be left out) leaves the number; one that they cannot live with sets it to its own, once no older one runs.
CREATE TABLE compatibility (
    compatible_from BIGINT NOT NULL
);

CREATE UNIQUE INDEX compatibility_is_one_row ON compatibility ((TRUE));

INSERT INTO compatibility (compatible_from) VALUES (1);
