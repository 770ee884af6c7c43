-- The tables of the first version. Every key begins with the scope: a tenant's number, 0 for the system's own records.
-- Texts are packed (no NUL, in the order of the originals), and those of unlimited length that are part of a key are
-- packed and bounded, in columns that end in `_key`.

-- One row for each record.
CREATE TABLE resource(
    scope bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    uniq text COLLATE "C",
    uniq_key text COLLATE "C",
    external_id text COLLATE "C",
    external_key text COLLATE "C",
    sort_name text COLLATE "C",
    display text COLLATE "C",
    active boolean,
    created bigint NOT NULL,
    modified bigint NOT NULL,
    edge_count bigint NOT NULL,
    private bytea NOT NULL,
    doc bytea NOT NULL,
    CONSTRAINT resource_id PRIMARY KEY(scope, kind, id),
    CONSTRAINT resource_uniq UNIQUE(scope, kind, uniq_key)
);
CREATE INDEX resource_nameless ON resource(scope, kind, id) WHERE uniq_key IS NULL;
CREATE INDEX resource_external ON resource(scope, kind, external_key) WHERE external_key IS NOT NULL;
CREATE INDEX resource_sort_name ON resource(scope, kind, sort_name, id);
CREATE INDEX resource_created ON resource(scope, kind, created, id);
CREATE INDEX resource_modified ON resource(scope, kind, modified, id);

-- How many records there are.
CREATE TABLE kind_count(
    scope bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY(scope, kind)
);

-- The attribute index: one row for each value of each indexed path.
CREATE TABLE av(
    scope bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    val text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    elem bigint NOT NULL,
    type text COLLATE "C",
    PRIMARY KEY(scope, kind, path, val, id, elem)
);
CREATE INDEX av_record ON av(scope, kind, id);

-- Values that may occur once.
CREATE TABLE uniq_val(
    scope bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    val_key text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY(scope, kind, path, val_key)
);
CREATE INDEX uniq_val_record ON uniq_val(scope, kind, id);

-- Further names by which references find a record; `by` is the kind of name.
CREATE TABLE name(
    scope bigint NOT NULL,
    by bigint NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY(scope, by, name_key, kind, id)
);
CREATE INDEX name_record ON name(scope, kind, id);

-- Edges. A pending one has its raw value's key for `tid` and nothing for `tkind`. `n` is 0 for edges of edges-only
-- relations and counts the references that belong to a record from 1. `spec` says how the reference finds its target.
CREATE TABLE edge(
    scope bigint NOT NULL,
    relation text COLLATE "C" NOT NULL,
    skind text COLLATE "C" NOT NULL,
    sid text COLLATE "C" NOT NULL,
    pending boolean NOT NULL,
    tkind text COLLATE "C" NOT NULL,
    tid text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    raw text COLLATE "C" NOT NULL,
    raw_key text COLLATE "C" NOT NULL,
    spec text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY(scope, skind, sid, relation, pending, tkind, tid, n)
);
CREATE INDEX edge_relation ON edge(scope, relation, skind, sid, pending, tkind, tid, n);
CREATE INDEX edge_reverse ON edge(scope, tkind, tid, relation, skind, sid, n) WHERE NOT pending;
CREATE INDEX edge_raw ON edge(scope, skind, sid, relation, raw_key);
CREATE INDEX edge_own ON edge(scope, skind, sid) WHERE n > 0;

-- Under which names pending edges wait for their target.
CREATE TABLE waiting(
    scope bigint NOT NULL,
    by bigint NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    relation text COLLATE "C" NOT NULL,
    skind text COLLATE "C" NOT NULL,
    sid text COLLATE "C" NOT NULL,
    raw_key text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY(scope, by, name_key, relation, skind, sid, raw_key, n)
);
CREATE INDEX waiting_source ON waiting(scope, skind, sid, relation, raw_key, n);

-- The feed. Within a scope the order of `xid, seq` is that of the commits.
CREATE TABLE change(
    scope bigint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at bigint NOT NULL,
    what bigint NOT NULL,
    kind text COLLATE "C",
    id text COLLATE "C",
    version bigint,
    topic text COLLATE "C",
    event_id text COLLATE "C",
    event_key text COLLATE "C",
    actor text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    payload bytea NOT NULL,
    before bytea,
    PRIMARY KEY(scope, xid, seq),
    CONSTRAINT change_event UNIQUE(scope, topic, event_key)
);
CREATE INDEX change_all ON change(xid, seq);
CREATE INDEX change_record ON change(scope, kind, id, xid, seq) WHERE id IS NOT NULL;
CREATE INDEX change_topic ON change(scope, topic, xid, seq) WHERE topic IS NOT NULL;
CREATE INDEX change_topic_all ON change(topic, xid, seq) WHERE topic IS NOT NULL;

-- What changesets with an idempotency key did.
CREATE TABLE idem(
    scope bigint NOT NULL,
    idem_key text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    receipt bytea NOT NULL,
    PRIMARY KEY(scope, idem_key)
);
