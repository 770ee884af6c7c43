-- Up to where each scope's feed was pruned: whoever comes from before that has missed something.
CREATE TABLE feed_pruned(
    scope bigint NOT NULL PRIMARY KEY,
    xid xid8 NOT NULL,
    seq bigint NOT NULL
);
ALTER TABLE feed_pruned ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON feed_pruned
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
-- Old idempotency keys.
CREATE INDEX idem_at ON idem(scope, at);
