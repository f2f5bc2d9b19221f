-- Telephone numbers that owners of accounts have shown to be theirs: one an account, and each of one account.
CREATE TABLE phones (
    account_id  BYTEA   NOT NULL PRIMARY KEY CHECK (length(account_id) = 16),
    number      TEXT    COLLATE "C" NOT NULL UNIQUE,
    by_sms      BOOLEAN NOT NULL DEFAULT FALSE,
    verified_at BIGINT  NOT NULL
);
