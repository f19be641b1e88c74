-- how the receiver of a webhook does, and the secret that counts a day longer after a change
ALTER TABLE webhooks ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN failed_at BIGINT;
ALTER TABLE webhooks ADD COLUMN rests_until BIGINT;
ALTER TABLE webhooks ADD COLUMN old_secret TEXT;
ALTER TABLE webhooks ADD COLUMN old_secret_until BIGINT;
