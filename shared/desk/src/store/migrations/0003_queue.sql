-- when a message leaves

ALTER TABLE messages ADD COLUMN send_at BIGINT;       -- waits until then; NULL once it was handed over
ALTER TABLE messages ADD COLUMN recipient TEXT;       -- the customer's address it goes to
ALTER TABLE messages ADD COLUMN quiet_override BIGINT NOT NULL DEFAULT 0;  -- somebody decided: in quiet hours too
CREATE INDEX messages_queued ON messages (channel, inbox) WHERE status = 'queued';

-- a place in the queue of a number, which moves when the number is late or its carrier asks for time
ALTER TABLE timers ADD COLUMN number TEXT;
CREATE INDEX timers_number ON timers (number, due_at) WHERE number IS NOT NULL;

-- from when on a number is free (microseconds), and until when its carrier does not want to hear of it (milliseconds)
CREATE TABLE number_pace (number TEXT PRIMARY KEY, free_at BIGINT NOT NULL, held_until BIGINT NOT NULL DEFAULT 0);
