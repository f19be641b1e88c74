-- numbers, mailboxes and chat sites that are set up in the console; each is sealed whole, since it holds secrets
CREATE TABLE channels (
  kind TEXT NOT NULL,                -- number | mailbox | site
  name TEXT NOT NULL,                -- the number, the address, the id
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
);
