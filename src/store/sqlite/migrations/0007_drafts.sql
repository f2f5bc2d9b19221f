-- Forms that were posted without a session, until their owners have signed in. Sealed under a secret that is in the browser
-- alone.
CREATE TABLE drafts (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    host       TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX drafts_by_end ON drafts (expires_at);
