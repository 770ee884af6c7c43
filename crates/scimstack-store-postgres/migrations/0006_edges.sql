-- Indexes that no other question can be answered by than theirs. The columns of the old ones were also the beginning of
-- the primary key, so that a plan made when the table was small could read a whole membership to find one member, and the
-- other way round. What was not an index's column is compared by IS NOT DISTINCT FROM, which no index answers.
DROP INDEX edge_raw;
DROP INDEX edge_own;
-- Edges that are found by a raw value which is not the id of their target. Most members are sent by their ids.
CREATE INDEX edge_alias ON edge(scope, (sid || chr(4) || raw_key)) WHERE raw_key <> tid;
-- References that belong to a record.
CREATE INDEX edge_own ON edge(scope, (skind || chr(4) || sid)) WHERE n > 0;
