-- what search finds: the words of each message, of each ticket's subject, and of each customer's name and addresses
CREATE TABLE search_docs (
  id {{serial}},
  kind TEXT NOT NULL,                -- message | subject | profile
  source_id TEXT NOT NULL,           -- of the message, the ticket, the customer
  ticket_id TEXT,                    -- NULL for a customer
  UNIQUE (kind, source_id)
);
CREATE INDEX search_docs_ticket ON search_docs (ticket_id);
{{search_words}};

-- what was there before: how far it has been gone through, until that is done
CREATE TABLE search_backlog (kind TEXT PRIMARY KEY, after_id TEXT NOT NULL);
INSERT INTO search_backlog (kind, after_id) VALUES ('message', ''), ('subject', ''), ('profile', '');
