-- what people sign in with instead of a password and a second step; only public keys are kept
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  -- the id its authenticator gave it, in base64url
  credential_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- COSE, in base64url
  public_key TEXT NOT NULL,
  -- how often it was used, as far as its authenticator counts
  sign_count BIGINT NOT NULL,
  -- 1 where it can be on other devices, too
  may_be_backed_up BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX passkeys_user ON passkeys (user_id);
-- challenges are sealed and lie nowhere; these were answered and are good no more. Kept as SHA-256 only
CREATE TABLE spent_challenges (
  challenge_hash TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
