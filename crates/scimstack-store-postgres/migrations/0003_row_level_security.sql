-- Roles that are granted these tables see one tenant: the one whose number they set as `scimstack.scope`, and without it
-- nothing. The system's own records (scope 0: tokens, administrators, connections) they never see. The owner of the
-- tables, which is what the servers connect as, is held to its tenants by its statements: forced upon it, policies would
-- triple the cost of a look-up.
ALTER TABLE resource ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON resource
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE kind_count ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON kind_count
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE av ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON av
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE uniq_val ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON uniq_val
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE name ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON name
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE edge ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON edge
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE waiting ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON waiting
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE change ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON change
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
ALTER TABLE idem ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON idem
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
