-- Edges that lead to nobody else, because they wait for their target or end where they start: few among many, and where
-- whoever draws a hierarchy begins.
CREATE INDEX edge_nowhere ON edge(scope, relation, skind, sid, pending, tkind, tid, n)
    WHERE pending = 1 OR (tkind = skind AND tid = sid);
