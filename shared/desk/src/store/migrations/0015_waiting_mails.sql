-- mails that the relay has not taken yet, by mailbox
CREATE INDEX messages_mail_waiting ON messages (inbox, created_at)
  WHERE channel = 'email' AND direction = 'out' AND send_at IS NULL AND status IN ('queued', 'sending');
