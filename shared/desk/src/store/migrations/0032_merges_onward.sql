-- a merge goes on from where the one that stayed was merged into another
CREATE INDEX merges_gone ON merges (gone_id);
