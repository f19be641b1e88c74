-- up to which message an agent has read; a ticket that is marked as unread again keeps it
ALTER TABLE tickets ADD COLUMN read_seq BIGINT NOT NULL DEFAULT 0;
UPDATE tickets SET read_seq = last_seq WHERE unread = 0 AND session_id IS NOT NULL;
