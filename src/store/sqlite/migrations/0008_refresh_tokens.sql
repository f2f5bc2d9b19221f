-- Sessions that programs keep by an access token and a refresh token. A refresh token is good once; what it was exchanged
-- for is kept as a salt, so that the same exchange a moment later gives the same.
ALTER TABLE sessions ADD COLUMN refresh_hash BLOB CHECK (length(refresh_hash) = 32);
ALTER TABLE sessions ADD COLUMN refresh_before BLOB CHECK (length(refresh_before) = 32);
ALTER TABLE sessions ADD COLUMN refresh_salt BLOB CHECK (length(refresh_salt) = 32);
ALTER TABLE sessions ADD COLUMN refreshed_at INTEGER;
