-- new messages that colleagues are yet to be told of by mail (H4)
CREATE TABLE notice_queue (
  message_id TEXT PRIMARY KEY REFERENCES messages (id),
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  at BIGINT NOT NULL
);
CREATE INDEX notice_queue_at ON notice_queue (at, message_id);
-- mails to colleagues: queued | sending | sent | failed | uncertain; no ticket has them
CREATE TABLE notices (
  id TEXT PRIMARY KEY,
  recipient TEXT NOT NULL,
  status TEXT NOT NULL,
  claim TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX notices_created ON notices (created_at);
