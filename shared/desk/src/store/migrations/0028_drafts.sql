-- what somebody wrote in a ticket and did not send yet
CREATE TABLE drafts (
  author_id TEXT NOT NULL,           -- a user, or a program with a key
  ticket_id TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
  document TEXT NOT NULL,            -- as domain::draft writes it
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (author_id, ticket_id)
);
CREATE INDEX drafts_ticket ON drafts (ticket_id);
-- files of drafts: as long as a draft has them they wait for their message
CREATE TABLE draft_files (
  attachment_id TEXT NOT NULL,
  author_id TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  PRIMARY KEY (attachment_id, author_id, ticket_id)
);
CREATE INDEX draft_files_draft ON draft_files (author_id, ticket_id);

-- what the answer that waits did to its ticket, so that taking it back can undo that too
ALTER TABLE timers ADD COLUMN undo TEXT;
