-- what only a chat's ticket has
ALTER TABLE tickets ADD COLUMN page TEXT;                 -- where it began: one of the site's own pages
ALTER TABLE tickets ADD COLUMN form TEXT;                 -- what was filled in before it, as JSON
ALTER TABLE tickets ADD COLUMN rating BIGINT;
ALTER TABLE tickets ADD COLUMN rating_comment TEXT;

-- the mail about answers that a visitor who left has not seen
ALTER TABLE tickets ADD COLUMN follow_up_plan TEXT;       -- as it was worked out last
ALTER TABLE tickets ADD COLUMN follow_up_due BIGINT;      -- when it leaves, while it is pending
ALTER TABLE tickets ADD COLUMN follow_up_done TEXT;       -- sent | cancelled
ALTER TABLE tickets ADD COLUMN follow_up_seq BIGINT NOT NULL DEFAULT 0;  -- the newest answer that was done for

-- addresses that asked for no more mails about chats
CREATE TABLE mail_opt_outs (address TEXT PRIMARY KEY, at BIGINT NOT NULL);
