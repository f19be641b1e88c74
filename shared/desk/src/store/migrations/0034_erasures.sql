-- people who are being erased; from the beginning on nobody sees them or their tickets any more
ALTER TABLE profiles ADD COLUMN erasing BIGINT NOT NULL DEFAULT 0;
CREATE TABLE erasures (
  id TEXT PRIMARY KEY,
  profile_id TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  state TEXT NOT NULL,               -- running | cleaning | done
  addresses TEXT,                    -- JSON: by what the person was known, until it is done
  total BIGINT NOT NULL,             -- tickets
  tickets BIGINT NOT NULL DEFAULT 0, -- of them gone so far
  messages BIGINT NOT NULL DEFAULT 0,
  files BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
-- what was erased does not come back when it is sent again: keyed hashes of its once-only keys and Message-IDs
CREATE TABLE tombstones (hash TEXT PRIMARY KEY, at BIGINT NOT NULL);
-- who was erased and had refused texts is still not texted: keyed hashes of their numbers
CREATE TABLE remembered_refusals (
  hash TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (hash, kind)
);
-- what is told of a ticket is erased with it
ALTER TABLE webhook_deliveries ADD COLUMN ticket_id TEXT;
CREATE INDEX webhook_deliveries_ticket ON webhook_deliveries (ticket_id);

CREATE INDEX threads_ticket ON threads (ticket_id);
CREATE INDEX mail_ids_ticket ON mail_ids (ticket_id);
CREATE INDEX ledger_profile ON ledger (profile_id, ticket_id) WHERE profile_id IS NOT NULL;
CREATE INDEX messages_raw ON messages (raw_blob) WHERE raw_blob IS NOT NULL;
CREATE INDEX timers_subject ON timers (subject_id);
