-- What Assay found, what its own tests found, and the examples under two frameworks.

CREATE TABLE arm (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    op        TEXT NOT NULL,
    property  TEXT NOT NULL,
    cases     INTEGER NOT NULL,
    seconds   REAL NOT NULL,
    findings  TEXT NOT NULL,                      -- JSON object: finding -> how many
    PRIMARY KEY (run_id, op, property)
) STRICT, WITHOUT ROWID;

CREATE TABLE cause (
    id             INTEGER PRIMARY KEY,
    run_id         INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    op             TEXT NOT NULL,
    property       TEXT NOT NULL,
    finding        TEXT NOT NULL,
    kind           TEXT NOT NULL,                 -- the sentence without its numbers: what verdicts with one cause share
    what           TEXT NOT NULL,
    count          INTEGER NOT NULL,
    held           INTEGER NOT NULL CHECK (held IN (0, 1)),  -- held against the target
    divergence     TEXT NOT NULL,                 -- id of the known difference that it is, or ""
    region         TEXT NOT NULL,
    "case"         TEXT NOT NULL,
    target_answer  TEXT NOT NULL,
    oracle_answer  TEXT NOT NULL,
    evidence       TEXT NOT NULL,                 -- JSON list of lines
    reproduce      TEXT NOT NULL,
    UNIQUE (run_id, op, property, finding, kind)
) STRICT;

CREATE TABLE missing_name (
    run_id  INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name    TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE coverage (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    op        TEXT NOT NULL,
    family    TEXT NOT NULL,
    there     INTEGER NOT NULL CHECK (there IN (0, 1)),    -- the target has it
    property  TEXT NOT NULL,
    applies   INTEGER NOT NULL CHECK (applies IN (0, 1)),
    PRIMARY KEY (run_id, op, property)
) STRICT;

CREATE TABLE mutant (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name      TEXT NOT NULL,
    op        TEXT NOT NULL,
    fault     TEXT NOT NULL,
    outcome   TEXT NOT NULL,                      -- killed, survived, invisible (it changes nothing that could be seen)
    property  TEXT NOT NULL,                      -- which killed it, or ""
    seconds   REAL,
    cases     INTEGER,
    detail    TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE contrast (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    rule      TEXT NOT NULL,                      -- a published comparison rule, set on the same mutants
    planted   INTEGER NOT NULL,
    found     INTEGER NOT NULL,
    PRIMARY KEY (run_id, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE sensitivity (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    error     REAL NOT NULL,                      -- relative, planted
    planted   INTEGER NOT NULL,
    found     INTEGER NOT NULL,
    PRIMARY KEY (run_id, error)
) STRICT, WITHOUT ROWID;

CREATE TABLE divergence (
    run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name        TEXT NOT NULL,
    target      TEXT NOT NULL,
    oracle      TEXT NOT NULL,
    ops         TEXT NOT NULL,                    -- JSON list
    properties  TEXT NOT NULL,                    -- JSON list
    what        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    link        TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE oracle_defect (
    run_id     INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name       TEXT NOT NULL,
    oracle     TEXT NOT NULL,
    op         TEXT NOT NULL,
    what       TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    link       TEXT NOT NULL,
    reproduce  TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE example (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name        TEXT NOT NULL,
    dtype       TEXT NOT NULL,
    difference  REAL,                             -- largest relative difference of the losses compared; infinite where one is not finite
    bound       REAL NOT NULL,
    agrees      INTEGER NOT NULL CHECK (agrees IN (0, 1)),
    UNIQUE (run_id, name, dtype)
) STRICT;

CREATE TABLE training (
    example_id  INTEGER NOT NULL REFERENCES example ON DELETE CASCADE,
    framework   TEXT NOT NULL,
    throughput  REAL,
    unit        TEXT NOT NULL,                    -- of the throughput
    peak_mib    REAL,
    metrics     TEXT NOT NULL,                    -- JSON object: name -> number
    losses      BLOB NOT NULL,                    -- float64, little endian, one a step
    PRIMARY KEY (example_id, framework)
) STRICT, WITHOUT ROWID;
