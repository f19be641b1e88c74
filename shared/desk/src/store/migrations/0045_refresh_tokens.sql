-- refresh tokens that providers gave instead of those in the configuration, sealed under the installation's key
CREATE TABLE refresh_tokens (
  -- hash of where it is asked for, for whom, and the token in the configuration
  grant_id TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  given_at BIGINT NOT NULL
);
