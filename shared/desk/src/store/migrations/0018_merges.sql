-- two profiles turned out to be one person: everything of one went to the other
ALTER TABLE profiles ADD COLUMN merged_into TEXT;   -- never one that was merged itself
CREATE INDEX profiles_merged ON profiles (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE merges (
  id TEXT PRIMARY KEY,
  kept_id TEXT NOT NULL REFERENCES profiles (id),
  gone_id TEXT NOT NULL REFERENCES profiles (id),
  taken TEXT NOT NULL,               -- JSON: what the one that stayed knew only from the other
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  at BIGINT NOT NULL,
  undone_at BIGINT,
  undone_by TEXT
);
CREATE INDEX merges_kept ON merges (kept_id, at);
-- what moved, so that exactly that goes back; messages of a ticket go with it
CREATE TABLE merge_items (
  merge_id TEXT NOT NULL REFERENCES merges (id),
  kind TEXT NOT NULL,                -- address | consent | ticket | message | ledger | merged
  item TEXT NOT NULL,
  PRIMARY KEY (merge_id, kind, item)
);
