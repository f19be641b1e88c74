-- what a mail shows besides its words

-- the writer's own words, where the body holds more than them
ALTER TABLE messages ADD COLUMN reply_text TEXT;
-- people, kind, trust, why it is here: a document that is read and written whole, under the ticket's lock
ALTER TABLE messages ADD COLUMN mail TEXT;
-- subject of a mail without reply marks, in lower case: the last signal of all
ALTER TABLE messages ADD COLUMN base_subject TEXT;
CREATE INDEX messages_base_subject ON messages (inbox, profile_id, base_subject, created_at) WHERE base_subject IS NOT NULL;
-- automatic answers of a mailbox, by whom they went to
CREATE INDEX messages_automatic ON messages (inbox, recipient, created_at)
  WHERE channel = 'email' AND direction = 'out' AND author_kind <> 'agent';
