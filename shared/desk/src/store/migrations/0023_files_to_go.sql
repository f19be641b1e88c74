-- files that visitors put up; one that a message took stays in this list for a while, whichever of the two was heard first
CREATE TABLE uploads (
  blob TEXT PRIMARY KEY,
  taken BIGINT NOT NULL,             -- a message names it
  created_at BIGINT NOT NULL
);
CREATE INDEX uploads_age ON uploads (created_at);
-- bytes to delete: written with the change that gives a file up, removed once they are gone
CREATE TABLE doomed_blobs (
  blob TEXT PRIMARY KEY,
  created_at BIGINT NOT NULL
);
CREATE INDEX attachments_blob ON attachments (blob);
CREATE INDEX attachments_waiting ON attachments (created_at) WHERE message_id IS NULL;
