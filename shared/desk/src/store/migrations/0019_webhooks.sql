-- programs elsewhere that are told what happens
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,                -- signed | slack
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  events TEXT NOT NULL,              -- names with a space between
  active BIGINT NOT NULL,
  disabled_why TEXT,                 -- why it was switched off by itself
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
-- one event for one webhook; the id is what the receiver knows a repeat by
CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY,
  webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  event TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,               -- pending | delivered | failed
  tries BIGINT NOT NULL DEFAULT 0,
  attempt BIGINT NOT NULL DEFAULT 1, -- the try that is due
  begun_at BIGINT NOT NULL,          -- from when on its day is counted
  next_at BIGINT,                    -- the next try, while it is pending
  created_at BIGINT NOT NULL
);
CREATE INDEX webhook_deliveries_recent ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_old ON webhook_deliveries (created_at);
CREATE TABLE webhook_tries (
  delivery_id TEXT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
  attempt BIGINT NOT NULL,
  status BIGINT,
  said TEXT NOT NULL,
  millis BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (delivery_id, attempt)
);
