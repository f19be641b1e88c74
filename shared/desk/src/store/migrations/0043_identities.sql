-- who somebody is at the organisation's identity provider: the provider's own id of them decides, never the address
CREATE TABLE identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  -- the address the provider said last, for people to read
  email TEXT,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX identities_user ON identities (user_id, issuer);
-- sign-ins that went to the provider and have not come back; their state is kept as SHA-256 only
CREATE TABLE provider_sign_ins (
  state_hash TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX provider_sign_ins_expiry ON provider_sign_ins (expires_at);
