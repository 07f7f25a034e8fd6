-- Two commits beside each other, and what people have decided to live with for a while.

CREATE TABLE change (
    run_id          INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    base            TEXT NOT NULL,
    head            TEXT NOT NULL,
    "case"          TEXT NOT NULL,
    base_time       REAL,
    head_time       REAL,
    ratio           REAL,
    low             REAL,
    high            REAL,
    first_verdict   TEXT NOT NULL,
    second_verdict  TEXT NOT NULL,                -- "" where the first saw no change
    verdict         TEXT NOT NULL,                -- of both
    failure         TEXT NOT NULL,
    answers         TEXT NOT NULL,
    PRIMARY KEY (run_id, "case")
) STRICT, WITHOUT ROWID;

CREATE TABLE waiver (
    run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    gate     TEXT NOT NULL,
    row      TEXT NOT NULL,                       -- a shell pattern over the rows of the gate
    reason   TEXT NOT NULL,
    link     TEXT NOT NULL,
    until    TEXT NOT NULL,                       -- the last night (ISO date) for which it counts
    PRIMARY KEY (run_id, gate, row)
) STRICT, WITHOUT ROWID;
