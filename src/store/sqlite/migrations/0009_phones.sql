-- Telephone numbers that owners of accounts have shown to be theirs: one an account, and each of one account.
CREATE TABLE phones (
    account_id  BLOB    NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    number      TEXT    NOT NULL UNIQUE,
    by_sms      INTEGER NOT NULL DEFAULT 0 CHECK (by_sms IN (0, 1)),
    verified_at INTEGER NOT NULL
) STRICT;
