-- texts that come in parts: one row per provider, account, number of ours, sender, reference and number of parts
CREATE TABLE split_texts (
  key TEXT PRIMARY KEY,
  landed_at BIGINT,                  -- NULL: it waits for the rest
  touched_at BIGINT NOT NULL
);
CREATE INDEX split_texts_landed ON split_texts (landed_at);
CREATE TABLE split_text_parts (
  key TEXT NOT NULL,
  number BIGINT NOT NULL,
  dedup_key TEXT NOT NULL,           -- its line in the ledger
  event TEXT NOT NULL,
  PRIMARY KEY (key, number)
);

-- texts of ours that a carrier took in parts, each with an id of its own
CREATE TABLE sent_parts (
  provider TEXT NOT NULL,
  account TEXT NOT NULL,
  external_id TEXT NOT NULL,
  message_id TEXT NOT NULL REFERENCES messages (id),
  status TEXT NOT NULL,
  error_code TEXT,
  error_reason TEXT,
  PRIMARY KEY (provider, account, external_id)
);
CREATE INDEX sent_parts_message ON sent_parts (message_id);

-- a receipt that comes early may say that the customer opted out at the carrier
ALTER TABLE early_receipts ADD COLUMN opted_out BIGINT NOT NULL DEFAULT 0;

-- how many messages wait for each number
CREATE INDEX messages_waiting ON messages (inbox) WHERE status = 'queued';
