-- Up to where each scope's feed was pruned: whoever comes from before that has missed something.
CREATE TABLE feed_pruned(
    scope INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
-- Old idempotency keys.
CREATE INDEX idem_at ON idem(scope, at);
