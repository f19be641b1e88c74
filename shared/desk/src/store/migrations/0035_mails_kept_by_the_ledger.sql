-- the raw bytes of a mail whose event is kept are not deleted
ALTER TABLE ledger ADD COLUMN raw_blob TEXT;
CREATE INDEX ledger_raw ON ledger (raw_blob) WHERE raw_blob IS NOT NULL;
-- an erasure goes through the events that are kept, some at a time
CREATE INDEX ledger_kept ON ledger (id) WHERE envelope IS NOT NULL;
ALTER TABLE erasures ADD COLUMN read_up_to TEXT;
