-- since when a customer waits for an answer; a number no time reaches where nobody does, so that lists sort by it
ALTER TABLE tickets ADD COLUMN waiting_at BIGINT NOT NULL DEFAULT 9007199254740991;
UPDATE tickets SET waiting_at = COALESCE((
  SELECT min(m.sent_at) FROM messages m
  WHERE m.ticket_id = tickets.id AND m.author_kind = 'customer' AND m.seq > COALESCE((
    SELECT max(answer.seq) FROM messages answer WHERE answer.ticket_id = tickets.id AND answer.author_kind = 'agent'
  ), 0)
), 9007199254740991) WHERE status <> 'closed';
CREATE INDEX tickets_waiting_at ON tickets (waiting_at, id);
CREATE INDEX tickets_unread_recent ON tickets (last_message_at, id) WHERE unread = 1;

-- saved filters; a name is there once among the shared views, and once among those of each person
CREATE TABLE views (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,            -- who made it: a person or an API key
  scope TEXT NOT NULL,               -- 'shared', or the owner's id
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,            -- the name as names are compared
  filters TEXT NOT NULL,             -- JSON
  position BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (scope, name_key)
);

-- a change of many tickets: which ones is settled when it is asked for
CREATE TABLE bulk_jobs (
  id TEXT PRIMARY KEY,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,              -- JSON
  state TEXT NOT NULL,               -- running | done | undoing | undone
  total BIGINT NOT NULL,
  changed BIGINT NOT NULL DEFAULT 0,
  unchanged BIGINT NOT NULL DEFAULT 0,
  refused BIGINT NOT NULL DEFAULT 0,
  restored BIGINT NOT NULL DEFAULT 0,
  left_alone BIGINT NOT NULL DEFAULT 0,
  steps BIGINT NOT NULL DEFAULT 0,   -- counts what is told of it
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX bulk_jobs_created ON bulk_jobs (created_at);
CREATE TABLE bulk_items (
  job_id TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  state TEXT NOT NULL,               -- pending | changed | same | refused | restored | left
  code TEXT,                         -- why it was refused
  reason TEXT,
  before TEXT,                       -- what an undo puts back, as JSON
  version BIGINT,                    -- the ticket's after the change
  PRIMARY KEY (job_id, ticket_id)
);
CREATE INDEX bulk_items_state ON bulk_items (job_id, state, ticket_id);
