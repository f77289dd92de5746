-- What has happened.  Instants are INTEGER milliseconds since 1970 UTC.
-- Dictionaries come first: a notice is five small integers, because a burst
-- writes one row a recipient and a year may hold ten million of them.

CREATE TABLE campaign (
  id           INTEGER PRIMARY KEY,
  key          TEXT NOT NULL UNIQUE,       -- the directory's name
  first_loaded INTEGER NOT NULL,
  digest       INTEGER NOT NULL DEFAULT 0  -- of the files in force
) STRICT;

-- The last good files: what stays in force when an edit is broken, also over a restart.
CREATE TABLE campaign_file (
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  path     TEXT NOT NULL,
  bytes    BLOB NOT NULL,
  PRIMARY KEY (campaign, path)
) STRICT, WITHOUT ROWID;

-- Identity of an occurrence: (uid, rid).  A series cut under a new UID keeps its id here.
CREATE TABLE occurrence (
  id       INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  uid      TEXT NOT NULL,
  rid      TEXT NOT NULL,
  UNIQUE (campaign, uid, rid)
) STRICT;

CREATE TABLE unit (
  id       INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  unit     TEXT NOT NULL,
  UNIQUE (campaign, unit)
) STRICT;

CREATE TABLE word (              -- step names, audiences
  id   INTEGER PRIMARY KEY,
  word TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE address (
  id          INTEGER PRIMARY KEY,
  channel     INTEGER NOT NULL,  -- enum channel
  address     TEXT NOT NULL,
  unreachable INTEGER,           -- since when; NULL = not known to be
  why         TEXT,
  UNIQUE (channel, address)
) STRICT;

CREATE TABLE submission (
  id         INTEGER PRIMARY KEY,
  receipt    TEXT NOT NULL UNIQUE,
  campaign   INTEGER NOT NULL REFERENCES campaign(id),
  occurrence INTEGER NOT NULL REFERENCES occurrence(id),
  unit       INTEGER NOT NULL REFERENCES unit(id),
  received   INTEGER NOT NULL,   -- the border's time, floored to the second
  stored     INTEGER NOT NULL,
  zero       INTEGER NOT NULL,
  way        TEXT NOT NULL,      -- cli, web, mail, api
  actor      TEXT NOT NULL,
  why        TEXT NOT NULL,
  request    TEXT                -- idempotency key
) STRICT;
CREATE INDEX submission_item ON submission(occurrence, unit, received, id);
CREATE UNIQUE INDEX submission_request ON submission(campaign, request) WHERE request IS NOT NULL;

CREATE TABLE submission_part (
  submission INTEGER NOT NULL REFERENCES submission(id),
  name       TEXT NOT NULL,
  sha256     TEXT NOT NULL,
  bytes      BLOB NOT NULL,
  PRIMARY KEY (submission, name)
) STRICT;

CREATE TABLE submission_field (
  submission INTEGER NOT NULL REFERENCES submission(id),
  field      TEXT NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (submission, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
  id         INTEGER PRIMARY KEY,
  campaign   INTEGER NOT NULL REFERENCES campaign(id),
  kind       INTEGER NOT NULL,   -- enum decision_kind
  occurrence INTEGER,            -- NULL: not about one occurrence
  unit       INTEGER,            -- NULL: all units
  tag        TEXT,               -- scope of a pause
  due        INTEGER,            -- the new deadline
  step       TEXT,               -- a release may name one
  seen       INTEGER NOT NULL,   -- the newest submission then: what lay on the table
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  why        TEXT NOT NULL
) STRICT;
CREATE INDEX decision_item ON decision(occurrence, unit, id) WHERE occurrence IS NOT NULL;
CREATE INDEX decision_scope ON decision(campaign, kind, id) WHERE occurrence IS NULL;

-- One row a notice.  occurrence 0 = about no occurrence (alarms).  The key is P2: a
-- step of an item and effective deadline is raised once for an address.  n tells
-- apart what has no such key: the decision's or submission's id, else 0.
CREATE TABLE notice (
  occurrence INTEGER NOT NULL,
  unit       INTEGER NOT NULL,
  due        INTEGER NOT NULL,
  step       INTEGER NOT NULL,   -- word
  n          INTEGER NOT NULL,
  address    INTEGER NOT NULL,
  sort       INTEGER NOT NULL,   -- enum sort
  state      INTEGER NOT NULL,   -- enum notice_state
  role       INTEGER NOT NULL,   -- word: the audience as in `to`
  superior   INTEGER NOT NULL,   -- told as a superior (P11)
  holds      INTEGER NOT NULL,   -- bits: why it is held (engine/plan)
  at         INTEGER NOT NULL,   -- tick of the latest state
  message    INTEGER,
  reason     TEXT,
  PRIMARY KEY (occurrence, unit, due, step, n, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_message ON notice(message) WHERE message IS NOT NULL;
CREATE INDEX notice_held ON notice(occurrence) WHERE state = 5;

CREATE TABLE message (
  id        INTEGER PRIMARY KEY,
  campaign  INTEGER NOT NULL,
  address   INTEGER NOT NULL,
  tick      INTEGER NOT NULL,
  state     INTEGER NOT NULL,    -- enum outbox_state
  attempts  INTEGER NOT NULL DEFAULT 0,
  next_try  INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  done      INTEGER,             -- when it reached its last state
  status    INTEGER,             -- the peer's last word
  reply     TEXT
) STRICT;
-- Waiting.  No IN: SQLite would fill a table of its own with the list for each row that changes.
CREATE INDEX message_next ON message(next_try, id) WHERE state = 0 OR state = 3 OR state = 5;
CREATE INDEX message_address ON message(address, id);
CREATE INDEX message_leased ON message(id) WHERE state = 1;

CREATE TABLE delivery (          -- one attempt
  message INTEGER NOT NULL,
  n       INTEGER NOT NULL,      -- from 1
  at      INTEGER NOT NULL,
  outcome INTEGER NOT NULL,      -- enum outcome
  status  INTEGER NOT NULL,
  verb    TEXT NOT NULL,
  reply   TEXT NOT NULL,
  PRIMARY KEY (message, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE tray (
  id       INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  unit     TEXT NOT NULL,        -- '' = unknown
  uid      TEXT NOT NULL,
  rid      TEXT NOT NULL,
  received INTEGER NOT NULL,
  stored   INTEGER NOT NULL,
  zero     INTEGER NOT NULL,
  way      TEXT NOT NULL,
  actor    TEXT NOT NULL,
  why      TEXT NOT NULL,
  reason   TEXT NOT NULL,
  parts    TEXT NOT NULL,        -- JSON: fields and file names; bytes in tray_part
  request  TEXT,                 -- idempotency key
  decided  INTEGER,
  outcome  TEXT
) STRICT;
CREATE UNIQUE INDEX tray_request ON tray(campaign, request) WHERE request IS NOT NULL;
CREATE INDEX tray_open ON tray(campaign, unit) WHERE decided IS NULL;
CREATE TABLE tray_part (
  tray   INTEGER NOT NULL REFERENCES tray(id),
  name   TEXT NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (tray, name)
) STRICT;

CREATE TABLE poll (              -- the latest successful look into each enabled intake
  intake TEXT PRIMARY KEY,
  begun  INTEGER NOT NULL,
  failing INTEGER                -- since when
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (              -- things said once
  campaign INTEGER NOT NULL,
  mark     TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (campaign, mark)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  seq      INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  campaign TEXT NOT NULL,
  actor    TEXT NOT NULL,
  event    TEXT NOT NULL,
  detail   TEXT NOT NULL,        -- JSON
  hash     BLOB NOT NULL         -- SHA-256 over the previous hash and this row
) STRICT;
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
