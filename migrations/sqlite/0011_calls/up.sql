-- Draws that have calls (通知): when the next step is due by the clock, and a stop that one person
-- proposed. What was said stands in the journal.
CREATE TABLE draw_calls (
    draw     TEXT NOT NULL REFERENCES draw (id),
    due      INTEGER,
    proposal TEXT,
    CONSTRAINT "draw_calls.draw" PRIMARY KEY (draw)
) STRICT, WITHOUT ROWID;
CREATE INDEX draw_calls_due ON draw_calls (due, draw);

-- The outbox: messages that a statement of a draw causes, written with it. No name, no number of a
-- person, no phone: draw and pool position.
CREATE TABLE outbox (
    id        TEXT NOT NULL,
    draw      TEXT NOT NULL REFERENCES draw (id),
    position  INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    round     INTEGER NOT NULL,
    entry     INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    state     TEXT NOT NULL,
    tries     INTEGER NOT NULL,
    next_try  INTEGER NOT NULL,
    channel   TEXT,
    trouble   TEXT,
    changed   INTEGER NOT NULL,
    CONSTRAINT "outbox.id" PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_waiting ON outbox (state, next_try, id);
CREATE INDEX outbox_by_draw ON outbox (draw, id);
