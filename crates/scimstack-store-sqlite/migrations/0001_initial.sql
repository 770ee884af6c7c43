-- The tables of the first version. Every key begins with the scope: a tenant's number, 0 for the system's own records.
-- Columns that hold a number in place of a name say so: `kind`, `attr`, `relation`, `topic` and `spec` are numbers of `dict`.

-- Names that occur over and over. Rows are never changed or deleted, and later ones have greater numbers.
CREATE TABLE dict(
    num INTEGER PRIMARY KEY,
    class INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE(class, name)
) STRICT;

-- One row for each record. What heads of pages need comes first, the document last.
CREATE TABLE resource(
    rid INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    uniq TEXT,
    external_id TEXT,
    sort_name TEXT,
    display TEXT,
    active INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    edge_count INTEGER NOT NULL,
    entries BLOB NOT NULL,
    private BLOB NOT NULL,
    doc BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX resource_id ON resource(scope, kind, id);
CREATE UNIQUE INDEX resource_uniq ON resource(scope, kind, uniq) WHERE uniq IS NOT NULL;
CREATE INDEX resource_nameless ON resource(scope, kind, id) WHERE uniq IS NULL;
CREATE INDEX resource_external ON resource(scope, kind, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX resource_sort_name ON resource(scope, kind, sort_name, id);
CREATE INDEX resource_created ON resource(scope, kind, created, id);
CREATE INDEX resource_modified ON resource(scope, kind, modified, id);

-- How many records there are.
CREATE TABLE kind_count(
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY(scope, kind)
) STRICT, WITHOUT ROWID;

-- The attribute index: one row for each value of each indexed path.
CREATE TABLE av(
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    attr INTEGER NOT NULL,
    val TEXT NOT NULL,
    rid INTEGER NOT NULL,
    elem INTEGER NOT NULL,
    type TEXT,
    PRIMARY KEY(scope, kind, attr, val, rid, elem)
) STRICT, WITHOUT ROWID;

-- Values that may occur once.
CREATE TABLE uniq_val(
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    attr INTEGER NOT NULL,
    val TEXT NOT NULL,
    rid INTEGER NOT NULL,
    PRIMARY KEY(scope, kind, attr, val)
) STRICT, WITHOUT ROWID;

-- Further names by which references find a record; `key` is the kind of name.
CREATE TABLE name(
    scope INTEGER NOT NULL,
    key INTEGER NOT NULL,
    value TEXT NOT NULL,
    kind INTEGER NOT NULL,
    rid INTEGER NOT NULL,
    PRIMARY KEY(scope, key, value, kind, rid)
) STRICT, WITHOUT ROWID;

-- Edges in the order they are read: by source, then target, pending ones last. Kinds are spelled out because their names
-- are part of that order. A pending edge has its raw value for `tid`; a bound one has it in `raw` when it is not the
-- target's id. `n` is 0 for edges of edges-only relations and counts the references that belong to a record from 1.
CREATE TABLE edge(
    scope INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    skind TEXT NOT NULL,
    sid TEXT NOT NULL,
    pending INTEGER NOT NULL,
    tkind TEXT NOT NULL,
    tid TEXT NOT NULL,
    n INTEGER NOT NULL,
    raw TEXT,
    spec INTEGER NOT NULL,
    data BLOB,
    PRIMARY KEY(scope, relation, skind, sid, pending, tkind, tid, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_reverse ON edge(scope, relation, tkind, tid, skind, sid, n) WHERE pending = 0;
CREATE INDEX edge_raw ON edge(scope, relation, skind, sid, raw) WHERE raw IS NOT NULL;

-- Under which names pending edges wait for their target.
CREATE TABLE waiting(
    scope INTEGER NOT NULL,
    value TEXT NOT NULL,
    key INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    skind TEXT NOT NULL,
    sid TEXT NOT NULL,
    raw TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY(scope, value, key, relation, skind, sid, raw, n)
) STRICT, WITHOUT ROWID;

-- The feed. One writer at a time makes the sequence the order of commits. Every index ends in it.
CREATE TABLE change(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    scope INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what INTEGER NOT NULL,
    kind INTEGER,
    id TEXT,
    version INTEGER,
    topic INTEGER,
    event_id TEXT,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    payload BLOB NOT NULL,
    before BLOB
) STRICT;
CREATE INDEX change_scope ON change(scope);
CREATE INDEX change_record ON change(scope, kind, id) WHERE id IS NOT NULL;
CREATE INDEX change_topic ON change(scope, topic) WHERE topic IS NOT NULL;
CREATE INDEX change_topic_all ON change(topic) WHERE topic IS NOT NULL;
CREATE UNIQUE INDEX change_event ON change(scope, topic, event_id) WHERE topic IS NOT NULL;

-- What changesets with an idempotency key did.
CREATE TABLE idem(
    scope INTEGER NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    PRIMARY KEY(scope, key)
) STRICT, WITHOUT ROWID;
