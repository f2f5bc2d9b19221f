-- What people set on their account page.

-- Whether an account asks for the code where a password would be enough.
ALTER TABLE accounts ADD COLUMN second_step INTEGER NOT NULL DEFAULT 0 CHECK (second_step IN (0, 1));
-- The language of its pages and mails, by its tag; none where its owner has not chosen.
ALTER TABLE accounts ADD COLUMN language TEXT;

-- Backup codes, one row for each that was not used. Keyed MACs, never a code (S12, S44).
CREATE TABLE backup_codes (
    account_id BLOB    NOT NULL CHECK (length(account_id) = 16),
    code_mac   BLOB    NOT NULL CHECK (length(code_mac) = 32),
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, code_mac)
) STRICT, WITHOUT ROWID;
