-- What answering a challenge gives says itself what it is: those that are open sign somebody in.
UPDATE challenges SET gives = json_object('sign_in', json(gives));

-- Whom a challenge is about, so that all of an account can be dropped. None from before is known by it.
ALTER TABLE challenges ADD COLUMN account_id BLOB CHECK (length(account_id) = 16);

CREATE INDEX challenges_by_account ON challenges (account_id);
