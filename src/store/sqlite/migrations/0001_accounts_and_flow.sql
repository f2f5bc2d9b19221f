-- Everything that one doorward keeps. Instants and spans are milliseconds, identifiers the 16 bytes of a UUID.
-- No column holds a code, a token or a password: only hashes, MACs and sealed mails (S12).

-- "door", by which this file is told from those of other programs.
PRAGMA application_id = 1685024626;

CREATE TABLE accounts (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT    NOT NULL,
    username_key  TEXT    NOT NULL UNIQUE,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,
    full_name     TEXT,
    groups        TEXT    NOT NULL,
    password_hash TEXT,
    epoch         INTEGER NOT NULL,
    disabled_at   INTEGER,
    created_at    INTEGER NOT NULL
) STRICT;

-- Sessions and challenges name accounts without a foreign key: accounts may live in another store.
CREATE TABLE sessions (
    token_hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    id               BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    account_id       BLOB    NOT NULL CHECK (length(account_id) = 16),
    epoch            INTEGER NOT NULL,
    host             TEXT    NOT NULL,
    methods          TEXT    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    idle             INTEGER NOT NULL,
    remembered       INTEGER NOT NULL,
    client           TEXT    NOT NULL
) STRICT;

CREATE INDEX sessions_by_account ON sessions (account_id, seen_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_idle_end ON sessions (seen_at + idle);

CREATE TABLE challenges (
    flow_hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(flow_hash) = 32),
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    purpose      TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    host         TEXT    NOT NULL,
    destination  TEXT    NOT NULL,
    gives        TEXT    NOT NULL,
    code_mac     BLOB    NOT NULL CHECK (length(code_mac) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    sent_at      INTEGER NOT NULL,
    sends        INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
    consumed_at  INTEGER
) STRICT;

CREATE INDEX challenges_by_end ON challenges (expires_at);

-- A mail is leased by moving the instant at which it is due to the end of the lease, so a worker that dies
-- gives its mails back by doing nothing.
CREATE TABLE outbox (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    flow_hash  BLOB CHECK (length(flow_hash) = 32),
    kind       TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    not_after  INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_due ON outbox (due_at, created_at);
CREATE INDEX outbox_by_flow ON outbox (flow_hash);
CREATE INDEX outbox_by_end ON outbox (not_after);
