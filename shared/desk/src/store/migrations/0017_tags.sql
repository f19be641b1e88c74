-- the list of tags; a tag that was typed on a ticket is in it too
CREATE TABLE tags (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  colour TEXT NOT NULL DEFAULT 'grey',
  removed_at BIGINT,                 -- gone from the list; on a ticket again, it is back as it was
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
INSERT INTO tags (id, name, created_at, updated_at)
  SELECT {{random_id}}, known.tag, 0, 0 FROM (SELECT DISTINCT tag FROM ticket_tags) known;
