-- how mailboxes are read that cannot forward: how far, and whether it works
CREATE TABLE mailbox_polls (
  mailbox TEXT PRIMARY KEY,
  polled_at BIGINT,                  -- when it last worked
  error TEXT,                        -- why it does not work now
  failing_since BIGINT,
  uid_validity BIGINT,
  uid_next BIGINT
);
