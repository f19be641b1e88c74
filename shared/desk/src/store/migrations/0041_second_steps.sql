-- the second step at sign-in: the secret of somebody's app, sealed under the installation's key
CREATE TABLE second_steps (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- when its first code was given; before that it asks nobody
  confirmed_at BIGINT,
  -- the last 30 seconds whose code was used
  last_step BIGINT NOT NULL,
  -- wrong codes, and since when they are counted
  wrong BIGINT NOT NULL,
  wrong_since BIGINT NOT NULL
);
-- codes for who has lost the app, each good once; kept as SHA-256 only
CREATE TABLE recovery_codes (
  code_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id)
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
-- people who proved the first step and not yet the second; tokens are kept as SHA-256 only
CREATE TABLE pending_sign_ins (
  token_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  began_with TEXT NOT NULL,
  needs TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
-- how a session began
ALTER TABLE sessions ADD COLUMN began_with TEXT;
