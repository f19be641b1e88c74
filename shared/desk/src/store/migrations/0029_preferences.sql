-- how somebody wants their console: keys, density, notifications
CREATE TABLE preferences (
  owner_id TEXT PRIMARY KEY,         -- a user, or a program with a key
  document TEXT NOT NULL,            -- as domain::preferences writes it
  updated_at BIGINT NOT NULL
);
