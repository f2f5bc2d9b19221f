-- One sign-in for many hosts. Sessions that one sign-in has given are a family and end together; a session from before
-- there were families is one by itself.
ALTER TABLE sessions ADD COLUMN family BLOB CHECK (length(family) = 16);

UPDATE sessions SET family = id;

CREATE INDEX sessions_by_family ON sessions (family);

-- A ticket carries a sign-in to another host, once. What it gives is what its session is worth when it is shown.
CREATE TABLE tickets (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id BLOB    NOT NULL CHECK (length(session_id) = 16),
    host       TEXT    NOT NULL,
    browser    BLOB    NOT NULL CHECK (length(browser) = 32),
    return_to  TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tickets_by_session ON tickets (session_id, expires_at);
CREATE INDEX tickets_by_end ON tickets (expires_at);
