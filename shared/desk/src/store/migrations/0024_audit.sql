-- who did what, written with the change itself
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,          -- user | api_key | system | nobody
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  address TEXT,                      -- where the request came from
  action TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  object_name TEXT NOT NULL,         -- empty for customers: their name is read where it is kept
  changes TEXT NOT NULL              -- JSON: what differs, without secrets
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor_id, at, id);
CREATE INDEX audit_action ON audit (action, at, id);
CREATE INDEX audit_object ON audit (object_kind, object_id, at, id);
