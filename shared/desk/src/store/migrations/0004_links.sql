-- what a text carries: attribution, short links, pictures

-- campaign and flow messages, as far as a text may be attributed to them
CREATE TABLE campaign_messages (
  message_id TEXT PRIMARY KEY REFERENCES messages (id),
  profile_id TEXT NOT NULL REFERENCES profiles (id),
  kind TEXT NOT NULL,                -- campaign | flow
  source_id TEXT NOT NULL,           -- its id outside
  source_name TEXT NOT NULL,
  sent_at BIGINT NOT NULL
);
CREATE INDEX campaign_messages_profile ON campaign_messages (profile_id, sent_at, message_id);
CREATE INDEX campaign_messages_source ON campaign_messages (source_id);

-- the campaign message a text is attributed to; each is credited with one text at most
ALTER TABLE messages ADD COLUMN credited_id TEXT;
CREATE UNIQUE INDEX messages_credited ON messages (credited_id) WHERE credited_id IS NOT NULL;
CREATE INDEX messages_credited_ticket ON messages (ticket_id, sent_at, id) WHERE credited_id IS NOT NULL;
-- and its ticket: that of its newest text which is attributed
ALTER TABLE tickets ADD COLUMN credited_id TEXT;

-- a text of ours before its links were shortened, where any was
ALTER TABLE messages ADD COLUMN original TEXT;
CREATE TABLE links (
  code TEXT PRIMARY KEY,
  url TEXT NOT NULL,                 -- http or https, as a browser is sent there
  message_id TEXT NOT NULL REFERENCES messages (id),
  position BIGINT NOT NULL,
  clicks BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE INDEX links_message ON links (message_id, position);
-- visits; visitor is a keyed hash, never an address
CREATE TABLE clicks (
  code TEXT NOT NULL REFERENCES links (code),
  visitor TEXT NOT NULL,
  at BIGINT NOT NULL,
  message_id TEXT NOT NULL,
  ticket_id TEXT,
  profile_id TEXT NOT NULL,
  PRIMARY KEY (code, visitor, at)
);
CREATE INDEX clicks_profile ON clicks (profile_id, at);

-- files of a text that still lie at the carrier
ALTER TABLE messages ADD COLUMN files_pending BIGINT NOT NULL DEFAULT 0;
