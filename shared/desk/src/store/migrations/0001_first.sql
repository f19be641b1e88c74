-- {{blob}} is BLOB or BYTEA. Types: TEXT, BIGINT (milliseconds UTC, flags, counts), {{blob}} only.

-- where ticket numbers come from: a row in SQLite, a sequence in PostgreSQL (where a row would make writers queue)
{{ticket_numbers}};

CREATE TABLE profiles (
  id TEXT PRIMARY KEY,
  name TEXT,
  time_zone TEXT,
  location TEXT,
  claimed_email TEXT,                -- what an unverified visitor says; never a way to know them
  blocked_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX profiles_created ON profiles (created_at, id);

-- how a profile is known; an address belongs to one profile
CREATE TABLE addresses (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  profile_id TEXT NOT NULL REFERENCES profiles (id),
  verified BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (kind, value)
);
CREATE INDEX addresses_profile ON addresses (profile_id);

-- consent is only ever added to; the newest line of a kind counts
CREATE TABLE consents (
  id TEXT PRIMARY KEY,
  profile_id TEXT NOT NULL REFERENCES profiles (id),
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  source TEXT NOT NULL,
  evidence TEXT NOT NULL,
  number TEXT,
  at BIGINT NOT NULL
);
CREATE INDEX consents_profile ON consents (profile_id, at);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT,
  disabled_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- tokens are kept as SHA-256 only
CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  csrf TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE TABLE sign_in_links (
  token_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
);

CREATE TABLE settings (name TEXT PRIMARY KEY, document TEXT NOT NULL, updated_at BIGINT NOT NULL);

CREATE TABLE tickets (
  id TEXT PRIMARY KEY,
  number BIGINT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  inbox TEXT NOT NULL,               -- our number, mailbox or site
  profile_id TEXT NOT NULL REFERENCES profiles (id),
  address TEXT NOT NULL,             -- the customer's address on this channel
  reachable BIGINT NOT NULL DEFAULT 1,
  session_id TEXT,                   -- chat
  status TEXT NOT NULL,              -- open | snoozed | closed
  snoozed_until BIGINT,
  closed_at BIGINT,
  subject TEXT,
  preview TEXT NOT NULL DEFAULT '',
  assignee_id TEXT REFERENCES users (id),
  team_id TEXT,
  unread BIGINT NOT NULL DEFAULT 0,
  visitor_online BIGINT NOT NULL DEFAULT 0,
  visitor_at BIGINT NOT NULL DEFAULT 0,  -- newest word on presence: an older one that comes late does not count
  last_seq BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_message_at BIGINT NOT NULL,
  first_response_at BIGINT
);
CREATE INDEX tickets_recent ON tickets (last_message_at, id);
CREATE INDEX tickets_created ON tickets (created_at, id);
CREATE INDEX tickets_status ON tickets (status, last_message_at, id);
CREATE INDEX tickets_assignee ON tickets (assignee_id, status, last_message_at, id);
CREATE INDEX tickets_channel ON tickets (channel, status, last_message_at, id);
CREATE INDEX tickets_profile ON tickets (profile_id, last_message_at, id);
CREATE INDEX tickets_session ON tickets (session_id, number);
CREATE INDEX tickets_unread ON tickets (profile_id) WHERE unread = 1;
CREATE INDEX tickets_snoozed ON tickets (snoozed_until) WHERE status = 'snoozed';

CREATE TABLE ticket_tags (
  ticket_id TEXT NOT NULL REFERENCES tickets (id),
  tag TEXT NOT NULL,
  PRIMARY KEY (ticket_id, tag)
);
CREATE INDEX ticket_tags_tag ON ticket_tags (tag, ticket_id);

-- where a customer's next message belongs: 'sms:{our number}:{sender}', 'chat:{session}'
CREATE TABLE threads (key TEXT PRIMARY KEY, ticket_id TEXT NOT NULL, touched_at BIGINT NOT NULL);
-- Message-IDs of mail that came and went, per mailbox
CREATE TABLE mail_ids (
  mailbox TEXT NOT NULL,
  mail_id TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  outbound BIGINT NOT NULL,
  PRIMARY KEY (mailbox, mail_id)
);

CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  ticket_id TEXT REFERENCES tickets (id),   -- keyword texts may come before any ticket
  seq BIGINT,
  profile_id TEXT NOT NULL REFERENCES profiles (id),
  channel TEXT NOT NULL,
  inbox TEXT NOT NULL,
  direction TEXT NOT NULL,
  author_kind TEXT NOT NULL,
  author_id TEXT,
  author_name TEXT,
  subject TEXT,                             -- of a mail
  body TEXT NOT NULL,
  html TEXT,
  status TEXT NOT NULL,
  error_code TEXT,
  error_reason TEXT,
  segments BIGINT,
  why TEXT NOT NULL,
  client_id TEXT,
  claim TEXT,                               -- the try that is sending it
  provider TEXT,
  account TEXT,
  external_id TEXT,
  mail_id TEXT,                             -- Message-ID of a mail
  mail_references TEXT,                     -- its References, space separated
  raw_blob TEXT,
  needs_consent BIGINT NOT NULL DEFAULT 1,  -- a keyword answer does not
  version BIGINT NOT NULL DEFAULT 0,        -- the ticket's version once this message was in it (send guard)
  sent_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (ticket_id, seq)
);
CREATE INDEX messages_profile ON messages (profile_id, channel, sent_at, id);
CREATE INDEX messages_external ON messages (provider, account, external_id);

CREATE TABLE attachments (
  id TEXT PRIMARY KEY,
  message_id TEXT,                          -- NULL until a reply takes it
  position BIGINT NOT NULL DEFAULT 0,
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  blob TEXT NOT NULL,
  created_by TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX attachments_message ON attachments (message_id, position);

-- receipts that came before the message knew its id at the carrier; status '' is a row that a transaction holds while
-- it joins the two, so that a receipt and the carrier's first answer cannot pass each other unseen
CREATE TABLE early_receipts (
  provider TEXT NOT NULL,
  account TEXT NOT NULL,
  external_id TEXT NOT NULL,
  status TEXT NOT NULL,
  error_code TEXT,
  error_reason TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (provider, account, external_id, status)
);

-- what became of everything taken in; dedup_key is the guarantee that nothing happens twice
CREATE TABLE ledger (
  id TEXT PRIMARY KEY,
  dedup_key TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  channel TEXT NOT NULL,
  external_id TEXT NOT NULL,
  state TEXT NOT NULL,               -- ticket | keyword | receipt | duplicate | blocked | robot | held | dead
  reason TEXT NOT NULL,
  ticket_id TEXT,
  message_id TEXT,
  profile_id TEXT,                   -- whose it is, for what a block holds back
  envelope TEXT,                     -- kept for what can be replayed
  stream_seq BIGINT NOT NULL,        -- the bus's number: the same number again is a redelivery, not a duplicate
  replays BIGINT NOT NULL DEFAULT 0,
  received_at BIGINT NOT NULL
);
CREATE INDEX ledger_recent ON ledger (received_at, id);
CREATE INDEX ledger_state ON ledger (state, received_at, id);
CREATE INDEX ledger_blocked ON ledger (profile_id) WHERE state = 'blocked';

-- packets to publish: written with the change, deleted once the bus has them
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  subject TEXT NOT NULL,
  envelope TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX outbox_position ON outbox (position, id);

CREATE TABLE timers (
  key TEXT PRIMARY KEY,              -- 'wake:{ticket}'
  kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  due_at BIGINT NOT NULL
);
CREATE INDEX timers_due ON timers (due_at, key);

-- answers already given to an Idempotency-Key
CREATE TABLE idempotency (
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status BIGINT NOT NULL,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (actor, key)
);
