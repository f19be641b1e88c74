-- mailboxes in which nothing can be marked as seen: what is new there is known by its number alone
ALTER TABLE mailbox_polls ADD COLUMN by_number BIGINT NOT NULL DEFAULT 0;
