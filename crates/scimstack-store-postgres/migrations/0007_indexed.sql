-- A digest of what is indexed of a record, its references included: a replacement that changes none of it need not read
-- it. Null: not known.
ALTER TABLE resource ADD COLUMN indexed bytea;
