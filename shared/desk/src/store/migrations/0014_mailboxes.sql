-- what providers ask before they forward to a mailbox; people answer it, never we
CREATE TABLE mailbox_confirmations (
  id TEXT PRIMARY KEY,
  mailbox TEXT NOT NULL,
  code TEXT,
  link TEXT,
  requested_by TEXT,
  trust TEXT,                        -- JSON, once its sender is judged
  received_at BIGINT NOT NULL
);
CREATE INDEX mailbox_confirmations_mailbox ON mailbox_confirmations (mailbox, received_at, id);

-- mails of ours that go to a mailbox, to see whether they come back through its forward
CREATE TABLE mailbox_trials (
  id TEXT PRIMARY KEY,
  mailbox TEXT NOT NULL,
  status TEXT NOT NULL,              -- queued | sent | failed | uncertain, as the relay says
  error TEXT,
  arrived_at BIGINT,
  threaded BIGINT NOT NULL DEFAULT 0, -- it still had our Message-ID
  trust TEXT,                        -- JSON, once its sender is judged
  created_at BIGINT NOT NULL
);
CREATE INDEX mailbox_trials_mailbox ON mailbox_trials (mailbox, created_at, id);
ALTER TABLE notices ADD COLUMN kind TEXT NOT NULL DEFAULT 'notice'; -- notice | trial

-- the last mail in and out of a mailbox, and the last one that failed
CREATE INDEX messages_mailbox ON messages (inbox, direction, created_at) WHERE channel = 'email';
CREATE INDEX messages_mail_failed ON messages (inbox, created_at) WHERE channel = 'email' AND status = 'failed';
