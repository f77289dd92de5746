-- What each deadline came to when it was read last.  New zone data gives another instant for the
-- same wall clock; with the two of them a changed zone is told from an edited calendar.
CREATE TABLE deadline (
  occurrence INTEGER PRIMARY KEY,
  due        INTEGER NOT NULL,
  wall       INTEGER NOT NULL    -- seconds since 1970-01-01T00:00 of the campaign's wall clock
) STRICT;
