-- Runs of any kind, and what the bench measured. Times are seconds, sizes bytes, ratios subject / baseline. NULL is "not known": NaN is kept as NULL.

CREATE TABLE source (
    id      INTEGER PRIMARY KEY,
    sha256  TEXT NOT NULL,                        -- of the file's bytes
    night   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,                        -- the file's name, without its folder
    UNIQUE (sha256, night)
) STRICT;

CREATE TABLE machine (
    id         INTEGER PRIMARY KEY,
    processor  TEXT NOT NULL,
    cores      INTEGER NOT NULL,
    platform   TEXT NOT NULL,
    UNIQUE (processor, cores, platform)
) STRICT;

CREATE TABLE environment (
    id        INTEGER PRIMARY KEY,
    python    TEXT NOT NULL,
    threads   INTEGER NOT NULL,
    packages  TEXT NOT NULL,                      -- JSON object: name -> version
    UNIQUE (python, threads, packages)
) STRICT;

CREATE TABLE run (
    id              INTEGER PRIMARY KEY,
    source_id       INTEGER NOT NULL UNIQUE REFERENCES source ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    night           TEXT NOT NULL,                -- runs that belong together share it; "2026-11-24" unless named
    started         TEXT NOT NULL,                -- ISO 8601, UTC
    commit_id       TEXT NOT NULL,                -- "" if not known
    dirty           INTEGER NOT NULL CHECK (dirty IN (0, 1)),
    profile         TEXT NOT NULL,
    "load"          REAL,                         -- load average when it began
    machine_id      INTEGER REFERENCES machine,
    environment_id  INTEGER REFERENCES environment
) STRICT;
CREATE INDEX run_by_kind ON run (kind, started);

CREATE TABLE bench_case (
    id          INTEGER PRIMARY KEY,
    suite       TEXT NOT NULL,
    name        TEXT NOT NULL,
    parameters  TEXT NOT NULL,                    -- JSON object: op, n, dtype, layout, ...
    UNIQUE (suite, name, parameters)
) STRICT;

CREATE TABLE result (
    id             INTEGER PRIMARY KEY,
    run_id         INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    case_id        INTEGER NOT NULL REFERENCES bench_case,
    subject        TEXT NOT NULL,
    baseline       TEXT NOT NULL,
    time           REAL,
    quartile_low   REAL,
    quartile_high  REAL,
    calls          INTEGER,
    first_call     REAL,
    settling       REAL,
    flops          REAL,
    bytes          REAL,
    flop_rate      REAL,
    byte_rate      REAL,
    faults         REAL,
    peak_bytes     REAL,
    saved_bytes    REAL,
    units          TEXT NOT NULL,                 -- JSON object
    flags          TEXT NOT NULL,                 -- JSON list of sentences
    invalid        TEXT NOT NULL,                 -- JSON list of sentences
    failure        TEXT NOT NULL,                 -- "", missing, raised, wrong, crashed
    detail         TEXT NOT NULL,
    reproduce      TEXT NOT NULL,
    UNIQUE (run_id, case_id, subject)
) STRICT;

CREATE TABLE comparison (
    result_id   INTEGER PRIMARY KEY REFERENCES result ON DELETE CASCADE,
    ratio       REAL,
    low         REAL,
    high        REAL,
    verdict     TEXT NOT NULL,
    margin      REAL,
    detectable  REAL,
    log_error   REAL,
    degrees     REAL,
    rounds      INTEGER,
    processes   INTEGER,
    confidence  REAL
) STRICT;

CREATE TABLE sample (
    result_id  INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
    process    INTEGER NOT NULL,
    seconds    BLOB NOT NULL,                     -- float64, little endian, one a round
    PRIMARY KEY (result_id, process)
) STRICT, WITHOUT ROWID;

CREATE TABLE pair (
    result_id  INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
    process    INTEGER NOT NULL,
    log_ratio  BLOB NOT NULL,                     -- float64, little endian, one a round
    PRIMARY KEY (result_id, process)
) STRICT, WITHOUT ROWID;

CREATE TABLE roof (
    result_id    INTEGER PRIMARY KEY REFERENCES result ON DELETE CASCADE,
    kind         TEXT NOT NULL,
    rate         REAL,                            -- bytes/s, FLOP/s for "gemm"
    working_set  REAL,
    share        REAL                             -- of the roof's rate that the subject reached
) STRICT;

CREATE TABLE scaling (
    run_id       INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    op           TEXT NOT NULL,
    dtype        TEXT NOT NULL,
    layout       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    overhead     REAL,
    per_element  REAL,
    crossover    REAL,                            -- elements; infinite: never
    misfit       REAL,
    sizes        TEXT NOT NULL,                   -- JSON list
    PRIMARY KEY (run_id, op, dtype, layout, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE control (
    run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    slowdown  REAL NOT NULL,                      -- 0: a thing against itself
    duels     INTEGER NOT NULL,
    found     INTEGER NOT NULL,                   -- of a null duel: false alarms
    power     REAL,                               -- stated; NULL for null duels
    PRIMARY KEY (run_id, slowdown)
) STRICT, WITHOUT ROWID;
