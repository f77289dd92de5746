-- What remote calendars gave last: it stays in force when they fail, also over a restart.
CREATE TABLE source (
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  path     TEXT NOT NULL,              -- the file that it stands for
  url      TEXT NOT NULL,              -- where it was looked for last
  bytes    BLOB,                       -- the last good one; NULL = never read
  hash     TEXT NOT NULL DEFAULT '',   -- SHA-256 of .bytes
  etag     TEXT NOT NULL DEFAULT '',   -- ETag, or ctag and sync-token, of .bytes
  modified TEXT NOT NULL DEFAULT '',   -- Last-Modified of .bytes
  fetched  INTEGER,                    -- when .bytes came
  looked   INTEGER,                    -- last time it was there, the same or another
  failures INTEGER NOT NULL DEFAULT 0, -- in a row, until now
  problem  TEXT,                       -- of the last look; NULL = none
  PRIMARY KEY (campaign, path)
) STRICT;
