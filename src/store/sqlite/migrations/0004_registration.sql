-- What answering a challenge gives says itself what it is: those that are open sign somebody in.
UPDATE challenges SET gives = json_object('sign_in', json(gives));

-- Whom a challenge is about, so that all of an account can be dropped. None from before is known by it.
ALTER TABLE challenges ADD COLUMN account_id BLOB CHECK (length(account_id) = 16);

CREATE INDEX challenges_by_account ON challenges (account_id);

-- Accounts that are to be. They take neither their name nor their address: any number may have the same.
CREATE TABLE registrations (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL,
    full_name     TEXT,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX registrations_by_address ON registrations (email_key);
CREATE INDEX registrations_by_age ON registrations (created_at);

CREATE TABLE invitations (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    email      TEXT    NOT NULL,
    email_key  TEXT    NOT NULL,
    username   TEXT,
    full_name  TEXT,
    groups     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX invitations_by_address ON invitations (email_key);
CREATE INDEX invitations_by_end ON invitations (expires_at);

-- What browsers may do once, because they have answered a challenge.
CREATE TABLE permits (
    permit_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(permit_hash) = 32),
    account_id  BLOB    NOT NULL CHECK (length(account_id) = 16),
    allows      TEXT    NOT NULL,
    host        TEXT    NOT NULL,
    return_to   TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX permits_by_account ON permits (account_id);
CREATE INDEX permits_by_end ON permits (expires_at);
