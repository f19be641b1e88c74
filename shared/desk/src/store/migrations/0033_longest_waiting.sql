-- who waits longest, among the open ones
CREATE INDEX tickets_status_waiting ON tickets (status, waiting_at, id);
