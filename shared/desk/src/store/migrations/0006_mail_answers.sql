-- answers by mail: to whom they go

-- to whom a mail of ours goes and under which subject, as JSON; null: to the ticket's customer alone
ALTER TABLE messages ADD COLUMN recipients TEXT;
