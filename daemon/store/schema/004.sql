-- When what people see of an item last changed in the files: a feed raises its SEQUENCE then, and
-- not with every reading of them.
ALTER TABLE deadline ADD COLUMN face INTEGER;    -- a digest of what is seen; NULL = not known
ALTER TABLE deadline ADD COLUMN changed INTEGER; -- NULL = not known
