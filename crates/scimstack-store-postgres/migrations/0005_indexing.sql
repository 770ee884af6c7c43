-- How many records there are, by the declaration they were indexed under: an index is used when every record was indexed
-- under a declaration that has it. `declared` is the beginning of the declaration's SHA-256; 0: not known.
ALTER TABLE resource ADD COLUMN declared bigint NOT NULL DEFAULT 0;
ALTER TABLE kind_count ADD COLUMN declared bigint NOT NULL DEFAULT 0;
ALTER TABLE kind_count ADD COLUMN declaration text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE kind_count DROP CONSTRAINT kind_count_pkey;
ALTER TABLE kind_count ADD PRIMARY KEY(scope, kind, declared);

-- The texts a record is found by parts of, in lines. The index needs two of PostgreSQL's own extensions. Where they are
-- not installed, or may not be by this role, such questions are answered within the budget of a query, until somebody
-- makes the index under this name.
CREATE TABLE part(
    scope bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL,
    PRIMARY KEY(scope, kind, id)
);
DO $$
DECLARE
    place name;
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
    -- It may have been there before, in a schema that is not searched.
    SELECT nspname INTO STRICT place FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX part_text ON part USING gin(scope, text %I.gin_trgm_ops)', place);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'no index of parts of texts: %', SQLERRM;
END
$$;
ALTER TABLE part ENABLE ROW LEVEL SECURITY;
CREATE POLICY scimstack_tenant ON part
    USING (scope = nullif(current_setting('scimstack.scope', true), '')::bigint AND scope <> 0);
