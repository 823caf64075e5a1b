-- Draws that have calls (通知): when the next step is due by the clock, and a stop that one person
-- proposed. What was said stands in the journal.
CREATE TABLE draw_calls (
    draw     TEXT COLLATE "C" NOT NULL REFERENCES draw (id),
    due      BIGINT,
    proposal TEXT COLLATE "C",
    CONSTRAINT "draw_calls.draw" PRIMARY KEY (draw)
);
CREATE INDEX draw_calls_due ON draw_calls (due, draw);

-- The outbox: messages that a statement of a draw causes, written with it. No name, no number of a
-- person, no phone: draw and pool position.
CREATE TABLE outbox (
    id        TEXT COLLATE "C" NOT NULL,
    draw      TEXT COLLATE "C" NOT NULL REFERENCES draw (id),
    position  BIGINT NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    round     BIGINT NOT NULL,
    entry     BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    state     TEXT COLLATE "C" NOT NULL,
    tries     BIGINT NOT NULL,
    next_try  BIGINT NOT NULL,
    channel   TEXT COLLATE "C",
    trouble   TEXT COLLATE "C",
    changed   BIGINT NOT NULL,
    CONSTRAINT "outbox.id" PRIMARY KEY (id)
);
CREATE INDEX outbox_waiting ON outbox (state, next_try, id);
CREATE INDEX outbox_by_draw ON outbox (draw, id);
