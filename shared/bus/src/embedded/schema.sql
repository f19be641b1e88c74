-- stream: 0 INBOUND, 1 OUTBOUND, 2 EVENTS, 3 DEAD. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS streams (
    stream INTEGER PRIMARY KEY,
    last   INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    stream   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    subject  TEXT    NOT NULL,
    envelope TEXT    NOT NULL,
    PRIMARY KEY (stream, seq)
) WITHOUT ROWID;
-- Ids outlive their events: a work queue's events go when they are handled.
CREATE TABLE IF NOT EXISTS ids (
    stream INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (stream, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ids_at ON ids (stream, at);
CREATE TABLE IF NOT EXISTS consumers (
    stream   INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    subjects TEXT    NOT NULL,
    PRIMARY KEY (stream, name)
) WITHOUT ROWID;
-- What a consumer has still to handle. held: handed out now, by this process.
CREATE TABLE IF NOT EXISTS pending (
    stream   INTEGER NOT NULL,
    consumer TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    held     INTEGER NOT NULL,
    PRIMARY KEY (stream, consumer, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_due ON pending (stream, consumer, held, due_at, seq);
