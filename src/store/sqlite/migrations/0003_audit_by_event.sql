-- The sign-ins of an account are found without a walk through all that strangers have tried at it.
CREATE INDEX audit_by_account_and_event ON audit (account_id, event);
