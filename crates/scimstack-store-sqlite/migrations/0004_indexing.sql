-- How many records there are, by the declaration they were indexed under (a number of `dict`; 0: not known): an index is
-- used when every record was indexed under a declaration that has it.
ALTER TABLE kind_count RENAME TO kind_count_before;
CREATE TABLE kind_count(
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    declared INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY(scope, kind, declared)
) STRICT, WITHOUT ROWID;
INSERT INTO kind_count(scope, kind, declared, n) SELECT scope, kind, 0, n FROM kind_count_before;
DROP TABLE kind_count_before;

-- Texts that are found by a part of them, by the trigrams in them; the texts themselves are not kept. What a record has
-- now and the index does not yet stands in `part_due`; the index may know more than a record has.
CREATE VIRTUAL TABLE part USING fts5(
    text, tokenize = 'trigram case_sensitive 1', content = '', contentless_delete = 1, detail = none
);
CREATE TABLE part_due(
    rid INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
