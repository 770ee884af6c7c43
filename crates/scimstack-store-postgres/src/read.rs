//! Single records: the columns that make a [`Stored`], with only the large ones that are wanted.

use crate::fault::{Damaged, Fault};
use crate::sql::{self, Transaction, unsigned};
use crate::text::{Packed, opened};
use bytes::Bytes;
use scimstack_schema::Timestamp;
use scimstack_store::edge::Peer;
use scimstack_store::{Core, Key, Kind, ResourceId, Scope, Stored, Version, Want};
use tokio_postgres::Row;

/// The columns every [`Stored`] has. The large ones follow.
macro_rules! select {
    ($large:literal, $which:literal) => {
        concat!(
            "SELECT id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count",
            $large,
            " FROM resource WHERE scope = $1 AND kind = $2 AND id = ",
            $which
        )
    };
}

/// One statement for each [`Want`]: what is not wanted is not read.
macro_rules! by_want {
    ($want:expr, $which:literal) => {
        match ($want.document, $want.private) {
            (true, true) => select!(", doc, private", $which),
            (true, false) => select!(", doc, ''::bytea", $which),
            (false, true) => select!(", ''::bytea, private", $which),
            (false, false) => select!(", ''::bytea, ''::bytea", $which),
        }
    };
}

/// How many columns a [`Stored`] has.
pub(crate) const COLUMNS: usize = 12;

/// The columns of a [`Stored`], in the order that [`stored`] reads them; of the record `r`, where there are other tables.
pub(crate) fn columns(want: Want, of_r: bool) -> &'static str {
    macro_rules! columns {
        ($r:literal, $large:literal) => {
            concat!(
                $r,
                "id, ",
                $r,
                "version, ",
                $r,
                "uniq, ",
                $r,
                "external_id, ",
                $r,
                "sort_name, ",
                $r,
                "display, ",
                $r,
                "active, ",
                $r,
                "created, ",
                $r,
                "modified, ",
                $r,
                "edge_count",
                $large
            )
        };
    }
    match (of_r, want.document, want.private) {
        (false, true, true) => columns!("", ", doc, private"),
        (false, true, false) => columns!("", ", doc, ''::bytea"),
        (false, false, true) => columns!("", ", ''::bytea, private"),
        (false, false, false) => columns!("", ", ''::bytea, ''::bytea"),
        (true, true, true) => columns!("r.", ", r.doc, r.private"),
        (true, true, false) => columns!("r.", ", r.doc, ''::bytea"),
        (true, false, true) => columns!("r.", ", ''::bytea, r.private"),
        (true, false, false) => columns!("r.", ", ''::bytea, ''::bytea"),
    }
}

/// One record.
pub(crate) async fn read(tx: &Transaction<'_>, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, Fault> {
    let (kind, id) = (Packed::of(key.kind.as_str()), Packed::of(key.id.as_str()));
    let row = sql::first(tx, by_want!(want, "$3"), &[&i64::from(scope.number()), &kind, &id]).await?;
    row.map(|row| stored(&row, &key.kind)).transpose()
}

/// The records with these ids, in any order.
pub(crate) async fn read_all(
    tx: &Transaction<'_>,
    scope: Scope,
    kind: &Kind,
    ids: &[Packed],
    want: Want,
) -> Result<Vec<Stored>, Fault> {
    let params: sql::Params<'_> = &[&i64::from(scope.number()), &Packed::of(kind.as_str()), &ids];
    sql::all(tx, by_want!(want, "ANY($3)"), params).await?.iter().map(|row| stored(row, kind)).collect()
}

/// The record whose columns a row begins with.
pub(crate) fn stored(row: &Row, kind: &Kind) -> Result<Stored, Fault> {
    let text = |at| Ok::<_, tokio_postgres::Error>(row.try_get::<_, Option<Packed>>(at)?.map(Packed::into_text));
    let large = |at| Ok::<_, tokio_postgres::Error>(Bytes::copy_from_slice(row.try_get::<_, &[u8]>(at)?));
    let id = ResourceId::new(&opened(row.try_get(0)?)).ok_or(Damaged("an id that is none"))?;
    let core = Core {
        unique: text(2)?,
        external_id: text(3)?,
        sort_name: text(4)?,
        display: text(5)?,
        active: row.try_get(6)?,
        created: Timestamp::from_micros(row.try_get(7)?),
        modified: Timestamp::from_micros(row.try_get(8)?),
    };
    let version = Version(unsigned(row.try_get(1)?));
    Ok(Stored::new(Key { kind: kind.clone(), id }, version, core, large(10)?, large(11)?, unsigned(row.try_get(9)?)))
}

/// How records are shown at the other end of edges, in the order of `keys`; and whether edges of the relation `above` end
/// at them.
pub(crate) async fn peers(
    tx: &Transaction<'_>,
    scope: Scope,
    keys: &[&Key],
    above: Option<&Packed>,
) -> Result<Vec<Option<Peer>>, Fault> {
    let kinds: Vec<Packed> = keys.iter().map(|key| Packed::of(key.kind.as_str())).collect();
    let ids: Vec<Packed> = keys.iter().map(|key| Packed::of(key.id.as_str())).collect();
    let scope = i64::from(scope.number());
    let rows = match above {
        None => {
            let text = "SELECT k.at, r.display, r.active, false \
                        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k(kind, id, at) \
                        JOIN resource r ON r.scope = $1 AND r.kind = k.kind AND r.id = k.id";
            sql::all(tx, text, &[&scope, &kinds, &ids]).await?
        }
        Some(relation) => {
            let text = "SELECT k.at, r.display, r.active, EXISTS (SELECT 1 FROM edge e WHERE e.scope = $1 \
                        AND e.relation = $4 AND e.tkind = k.kind AND e.tid = k.id AND NOT e.pending) \
                        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k(kind, id, at) \
                        JOIN resource r ON r.scope = $1 AND r.kind = k.kind AND r.id = k.id";
            sql::all(tx, text, &[&scope, &kinds, &ids, relation]).await?
        }
    };
    let mut peers = vec![None; keys.len()];
    for row in rows {
        let at = usize::try_from(row.try_get::<_, i64>(0)? - 1).unwrap_or(usize::MAX);
        let display = row.try_get::<_, Option<Packed>>(1)?.map(|display| display.open());
        let peer = peers.get_mut(at).ok_or(Damaged("a row that was not asked for"))?;
        *peer = Some(Peer { display, active: row.try_get(2)?, is_target: row.try_get(3)? });
    }
    Ok(peers)
}

/// The kinds of records that a scope has or had.
pub(crate) async fn kinds(tx: &Transaction<'_>, scope: i64) -> Result<Vec<Packed>, Fault> {
    let rows = sql::all(tx, "SELECT DISTINCT kind FROM kind_count WHERE scope = $1", &[&scope]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
