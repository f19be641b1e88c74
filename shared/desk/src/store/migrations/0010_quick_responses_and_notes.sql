-- answers at hand for every agent (H5)
CREATE TABLE quick_responses (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  folded TEXT NOT NULL UNIQUE,       -- the title without case: no two are the same
  text TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- what agents tell each other about a ticket; no customer ever sees it
CREATE TABLE notes (
  id TEXT PRIMARY KEY,
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  author_id TEXT NOT NULL,
  author_name TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX notes_ticket ON notes (ticket_id, created_at, id);
CREATE TABLE note_mentions (
  note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id),
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  PRIMARY KEY (note_id, user_id)
);
CREATE INDEX note_mentions_user ON note_mentions (user_id, ticket_id);
