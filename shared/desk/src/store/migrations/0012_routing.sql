-- people who share tickets; a name is there once
CREATE TABLE teams (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,     -- the name as names are compared
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE TABLE team_members (
  team_id TEXT NOT NULL REFERENCES teams (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id, team_id);

-- who can be given tickets; apart from users, whose rows every ticket refers to, so that nobody waits for these locks
CREATE TABLE availability (
  user_id TEXT PRIMARY KEY REFERENCES users (id),
  away BIGINT NOT NULL DEFAULT 0,
  capacity BIGINT,                   -- open tickets at most
  seen_at BIGINT NOT NULL DEFAULT 0, -- when their console was last seen open
  given_at BIGINT NOT NULL DEFAULT 0 -- when they were last given a ticket
);

ALTER TABLE tickets ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE tickets ADD COLUMN placed TEXT NOT NULL DEFAULT '';  -- waiting: for somebody of its team | hand: by a person
CREATE INDEX tickets_team ON tickets (team_id, status, last_message_at, id);
CREATE INDEX tickets_waiting_for_team ON tickets (team_id, created_at, id) WHERE placed = 'waiting';

-- what becomes of what comes in; the version counts every change of the rules
CREATE TABLE rules (
  id TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  document TEXT NOT NULL,            -- JSON
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE TABLE rules_version (one BIGINT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO rules_version (one, version) VALUES (1, 0);

-- what was decided without a person, and why
CREATE TABLE ticket_decisions (
  id TEXT PRIMARY KEY,
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  message_id TEXT,
  rule_id TEXT,                      -- none: somebody of the team became available
  rule_name TEXT,
  why TEXT NOT NULL,
  did TEXT NOT NULL,                 -- JSON: a list of sentences
  at BIGINT NOT NULL
);
CREATE INDEX ticket_decisions_ticket ON ticket_decisions (ticket_id, id);
