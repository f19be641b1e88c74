-- Messages that are in no ticket, by age: what is kept only for so long is found without reading the others.
CREATE INDEX messages_loose ON messages (channel, sent_at) WHERE ticket_id IS NULL;
