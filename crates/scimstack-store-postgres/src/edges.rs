//! Edges, read in pages. A key of the table is the order of the contract, so a page is a range of it; of edges that end at
//! several records, the ranges of each are merged.

mod above;
#[cfg(test)]
mod tests;

use crate::codec::{Reader, Writer};
use crate::fault::{Damaged, Fault};
use crate::read::{kinds, peers};
use crate::refs::{BY_RAW, key, packed};
use crate::sql::{self, Sql, Transaction, signed};
use crate::text::{Packed, opened};
use bytes::Bytes;
use scimstack_schema::fold::fold;
use scimstack_store::edge::Peer;
use scimstack_store::{Anchor, Edge, EdgePage, EdgeQuery, Key, Kind, ResourceId, Scope, StoreError};
use std::collections::BTreeSet;
use tokio_postgres::Row;

/// The place of an edge in the order: `skind, sid, pending, tkind, tid, n`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    source: (Packed, Packed),
    pending: bool,
    target: (Packed, Packed),
    n: i64,
}

const CURSOR: u8 = b'e';

impl Place {
    fn encode(&self) -> Bytes {
        let mut out = Writer::new(CURSOR);
        out.text(self.source.0.as_packed()).text(self.source.1.as_packed()).number(u64::from(self.pending));
        out.text(self.target.0.as_packed()).text(self.target.1.as_packed()).signed(self.n);
        out.finish().into()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, CURSOR)?;
        let text = |reader: &mut Reader<'_>| Packed::again(reader.text()?);
        let place = Self {
            source: (text(&mut reader)?, text(&mut reader)?),
            pending: reader.number()? == 1,
            target: (text(&mut reader)?, text(&mut reader)?),
            n: reader.signed()?,
        };
        reader.end()?;
        Some(place)
    }
}

/// Where to read and what.
pub(crate) struct Edges<'r> {
    pub(crate) tx: &'r Transaction<'r>,
    pub(crate) scope: Scope,
    pub(crate) relation: Packed,
}

type Found = Vec<(Place, Edge)>;

/// Edges of one record, or of each of several, with the record at their other end as `r`; in order, and at most [`MOST`] and
/// one: a number that is bound would have the statement planned anew each time.
macro_rules! with_peer {
    ($values:literal, $which:literal, $order:literal, $peer:literal, $is_target:literal) => {
        [
            concat!(
                "SELECT e.*, r.id IS NOT NULL, r.display, r.active, ",
                $is_target,
                " FROM (SELECT l.skind, l.sid, l.pending, l.tkind, l.tid, l.n, ",
                $values,
                " FROM edge l CROSS JOIN (SELECT $3::text AS kind, $4::text AS id) AS t WHERE l.scope = $1 AND l.relation = $2 AND ",
                $which,
                " ORDER BY ",
                $order,
                " LIMIT 1001) AS e LEFT JOIN resource r ON r.scope = $1 AND ",
                $peer
            ),
            concat!(
                "SELECT e.*, r.id IS NOT NULL, r.display, r.active, ",
                $is_target,
                " FROM unnest($3::text[], $4::text[]) AS t(kind, id) CROSS JOIN LATERAL \
                 (SELECT l.skind, l.sid, l.pending, l.tkind, l.tid, l.n, ",
                $values,
                " FROM edge l WHERE l.scope = $1 AND l.relation = $2 AND ",
                $which,
                " ORDER BY ",
                $order,
                " LIMIT 1001) AS e LEFT JOIN resource r ON r.scope = $1 AND ",
                $peer
            ),
        ]
    };
}

/// Those that end at records. Without values the index is all that is read of them.
macro_rules! to_targets {
    ($values:literal) => {
        with_peer!(
            $values,
            "l.tkind = t.kind AND l.tid = t.id AND NOT l.pending",
            "l.skind, l.sid, l.n",
            "r.kind = e.skind AND r.id = e.sid",
            "EXISTS (SELECT 1 FROM edge a WHERE a.scope = $1 AND a.relation = $2 AND a.tkind = e.skind AND a.tid = e.sid \
             AND NOT a.pending)"
        )
    };
}

/// Those that start at records, all or those that end somewhere.
macro_rules! of_sources {
    ($which:literal) => {
        with_peer!(
            "l.raw, l.data",
            $which,
            "l.pending, l.tkind, l.tid, l.n",
            "r.kind = e.tkind AND r.id = e.tid",
            "false"
        )
    };
}

/// The most edges of [`direct`].
const MOST: usize = 1_000;

/// What most questions for edges are: the first of those at any of several records, with what is at their other end. One
/// statement, which needs no transaction around it. `None` for every other question.
pub(crate) async fn direct(tx: &Transaction<'_>, scope: Scope, query: &EdgeQuery) -> Result<Option<EdgePage>, Fault> {
    let (true, None, 1..=MOST) = (query.peer, &query.after, query.limit) else { return Ok(None) };
    if let (Anchor::Targets(keys), false) = (&query.anchor, query.values)
        && keys.len() > 1
    {
        return above::above(tx, scope, &query.relation, keys, query.limit).await.map(Some);
    }
    let ([alone, together], keys) = match (&query.anchor, query.values, query.pending) {
        (Anchor::Targets(keys), true, _) => (to_targets!("l.raw, l.data"), keys),
        (Anchor::Targets(keys), false, _) => (to_targets!("''::text AS raw, ''::bytea AS data"), keys),
        (Anchor::Sources(keys), _, true) => (of_sources!("l.skind = t.kind AND l.sid = t.id"), keys),
        (Anchor::Sources(keys), _, false) => (of_sources!("l.skind = t.kind AND l.sid = t.id AND NOT l.pending"), keys),
        (Anchor::All | Anchor::Nowhere, ..) => return Ok(None),
    };
    let (scope, relation) = (i64::from(scope.number()), Packed::of(&query.relation));
    let (kinds, ids): (Vec<Packed>, Vec<Packed>) = keys.iter().map(packed).collect::<BTreeSet<_>>().into_iter().unzip();
    let rows = match (kinds.as_slice(), ids.as_slice()) {
        ([kind], [id]) => sql::all(tx, alone, &[&scope, &relation, kind, id]).await?,
        _ => sql::all(tx, together, &[&scope, &relation, &kinds, &ids]).await?,
    };
    // In order before anything is made of them, so that what is alike stands together.
    let mut found = rows.iter().map(|row| Ok((Spot::of(row)?, row))).collect::<Result<Vec<_>, Fault>>()?;
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = match found.last() {
        Some((spot, _)) if more => Some(spot.place()?.encode()),
        _ => None,
    };
    let mut keys = Keys::default();
    let mut edges = Vec::with_capacity(found.len());
    for (spot, row) in found {
        let (skind, sid) = spot.source;
        let source = keys.source.get(skind, sid)?;
        let target = match spot.pending {
            true => None,
            false => Some(keys.target.get(spot.target.0, spot.target.1)?),
        };
        let raw = row.try_get::<_, Packed>(6)?.into_text();
        let data = row.try_get::<_, Vec<u8>>(7)?.into();
        let mut peer = None;
        if row.try_get(8)? {
            let display = row.try_get::<_, Option<Packed>>(9)?.map(Packed::into_text);
            peer = Some(Peer { display, active: row.try_get(10)?, is_target: row.try_get(11)? });
        }
        edges.push(Edge { source, target, raw, data, peer });
    }
    Ok(Some(EdgePage { edges, next }))
}

/// [`Place`], read where it stands. What is packed is in the order of what it means.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Spot<'r> {
    source: (&'r str, &'r str),
    pending: bool,
    target: (&'r str, &'r str),
    n: i64,
}

impl<'r> Spot<'r> {
    fn of(row: &'r Row) -> Result<Self, Fault> {
        Ok(Self {
            source: (row.try_get(0)?, row.try_get(1)?),
            pending: row.try_get(2)?,
            target: (row.try_get(3)?, row.try_get(4)?),
            n: row.try_get(5)?,
        })
    }

    fn place(&self) -> Result<Place, Fault> {
        let packed = |text: &str| Packed::again(text).ok_or(Damaged("a text that cannot be one"));
        Ok(Place {
            source: (packed(self.source.0)?, packed(self.source.1)?),
            pending: self.pending,
            target: (packed(self.target.0)?, packed(self.target.1)?),
            n: self.n,
        })
    }
}

/// The keys at both ends, each made once where the same one follows.
#[derive(Default)]
struct Keys<'r> {
    source: LastKey<'r>,
    target: LastKey<'r>,
}

#[derive(Default)]
struct LastKey<'r>(Option<(&'r str, &'r str, Key)>);

impl<'r> LastKey<'r> {
    /// The key of these packed texts.
    fn get(&mut self, kind: &'r str, id: &'r str) -> Result<Key, Fault> {
        let (same_kind, same_id) = match &self.0 {
            Some((known, of, key)) => ((*known == kind).then(|| key.kind.clone()), (*of == id).then_some(key)),
            None => (None, None),
        };
        if let (Some(_), Some(key)) = (&same_kind, same_id) {
            return Ok(key.clone());
        }
        let kind_of = same_kind.unwrap_or_else(|| Kind::from(&*opened(kind)));
        let key = Key { kind: kind_of, id: ResourceId::new(&opened(id)).ok_or(Damaged("an id that is none"))? };
        self.0 = Some((kind, id, key.clone()));
        Ok(key)
    }
}

/// The first of what was found.
fn page(mut found: Found, limit: usize) -> EdgePage {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| place.encode());
    EdgePage { edges: found.into_iter().map(|(_, edge)| edge).collect(), next }
}

pub(crate) async fn edges(tx: &Transaction<'_>, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, Fault> {
    let after = match &query.after {
        Some(cursor) => Some(Place::decode(cursor).ok_or(StoreError::BadCursor)?),
        None => None,
    };
    if query.limit == 0 {
        return Ok(EdgePage { edges: Vec::new(), next: None });
    }
    let edges = Edges { tx, scope, relation: Packed::of(&query.relation) };
    let enough = query.limit.saturating_add(1);
    let found = match &query.anchor {
        Anchor::Sources(keys) => edges.of_sources(keys, query.pending, after.as_ref(), enough).await?,
        Anchor::Targets(keys) => edges.of_targets(keys, after.as_ref(), enough).await?,
        Anchor::All => edges.every(query.pending, false, after.as_ref(), enough).await?,
        Anchor::Nowhere => edges.every(query.pending, true, after.as_ref(), enough).await?,
    };
    let mut page = page(found, query.limit);
    if query.peer {
        let backward = matches!(query.anchor, Anchor::Targets(_));
        fill_peers(tx, scope, &mut page.edges, backward.then_some(&edges.relation), backward).await?;
    }
    Ok(page)
}

/// Fills in who is at the other end; and whether edges of the relation `above` end there.
pub(crate) async fn fill_peers(
    tx: &Transaction<'_>,
    scope: Scope,
    edges: &mut [Edge],
    above: Option<&Packed>,
    backward: bool,
) -> Result<(), Fault> {
    let other = |edge: &Edge| if backward { Some(edge.source.clone()) } else { edge.target.clone() };
    let others: Vec<Option<Key>> = edges.iter().map(other).collect();
    let known: Vec<&Key> = others.iter().flatten().collect();
    if known.is_empty() {
        return Ok(());
    }
    let peers = peers(tx, scope, &known, above).await?;
    let with_other = edges.iter_mut().zip(&others).filter(|(_, other)| other.is_some());
    for ((edge, _), peer) in with_other.zip(peers) {
        edge.peer = peer;
    }
    Ok(())
}

impl Edges<'_> {
    fn select(&self) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT skind, sid, pending, tkind, tid, n, raw, data FROM edge WHERE scope = ");
        sql.bind(i64::from(self.scope.number())).push(" AND relation = ").bind(&self.relation);
        sql
    }

    async fn run(&self, sql: &Sql) -> Result<Found, Fault> {
        sql.all(self.tx).await?.iter().map(edge).collect()
    }

    /// Edges that start at any of these, the first `enough`.
    pub(crate) async fn of_sources(
        &self,
        keys: &[Key],
        pending: bool,
        after: Option<&Place>,
        enough: usize,
    ) -> Result<Found, Fault> {
        let mut found = Found::new();
        let sources: BTreeSet<(Packed, Packed)> = keys.iter().map(packed).collect();
        for source in sources {
            let after = match after {
                Some(place) if source < place.source => continue,
                Some(place) if source == place.source => Some(place),
                _ => None,
            };
            let mut sql = self.of_source(&source);
            if !pending {
                sql.push(" AND NOT pending");
            }
            if let Some(place) = after {
                sql.push(" AND (pending, tkind, tid, n) > (").bind(place.pending);
                sql.push(", ").bind(&place.target.0).push(", ").bind(&place.target.1);
                sql.push(", ").bind(place.n).push(")");
            }
            sql.push(" ORDER BY pending, tkind, tid, n LIMIT ").bind(signed((enough - found.len()) as u64));
            found.extend(self.run(&sql).await?);
            if found.len() >= enough {
                break;
            }
        }
        Ok(found)
    }

    /// Edges that end at any of these, the first `enough`.
    pub(crate) async fn of_targets(&self, keys: &[Key], after: Option<&Place>, enough: usize) -> Result<Found, Fault> {
        let mut found = Found::new();
        let targets: BTreeSet<(Packed, Packed)> = keys.iter().map(packed).collect();
        if after.is_none() && targets.len() > 1 {
            return self.first_of_targets(targets, enough).await;
        }
        for target in targets {
            let mut sql = self.select();
            sql.push(" AND tkind = ").bind(&target.0).push(" AND tid = ").bind(&target.1);
            sql.push(" AND NOT pending");
            if let Some(place) = after {
                // From the same source, edges to this target come before the place, around it, or after it.
                let n = match target.cmp(&place.target) {
                    std::cmp::Ordering::Less => i64::MAX,
                    std::cmp::Ordering::Equal => place.n,
                    std::cmp::Ordering::Greater => -1,
                };
                sql.push(" AND (skind, sid, n) > (").bind(&place.source.0);
                sql.push(", ").bind(&place.source.1).push(", ").bind(n).push(")");
            }
            sql.push(" ORDER BY skind, sid, n LIMIT ").bind(signed(enough as u64));
            found.extend(self.run(&sql).await?);
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.truncate(enough);
        Ok(found)
    }

    /// The first `enough` edges that end at any of several records: one statement, whose range of the index is read for each.
    async fn first_of_targets(&self, targets: BTreeSet<(Packed, Packed)>, enough: usize) -> Result<Found, Fault> {
        let (kinds, ids): (Vec<Packed>, Vec<Packed>) = targets.into_iter().unzip();
        let rows = sql::all(
            self.tx,
            "SELECT e.skind, e.sid, e.pending, e.tkind, e.tid, e.n, e.raw, e.data \
             FROM unnest($3::text[], $4::text[]) AS t(kind, id) \
             CROSS JOIN LATERAL (SELECT l.skind, l.sid, l.pending, l.tkind, l.tid, l.n, l.raw, l.data FROM edge l \
             WHERE l.scope = $1 AND l.relation = $2 AND l.tkind = t.kind AND l.tid = t.id AND NOT l.pending \
             ORDER BY l.skind, l.sid, l.n LIMIT $5) AS e",
            &[&i64::from(self.scope.number()), &self.relation, &kinds, &ids, &signed(enough as u64)],
        )
        .await?;
        let mut found = rows.iter().map(edge).collect::<Result<Found, Fault>>()?;
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.truncate(enough);
        Ok(found)
    }

    /// Edges that start at a record and show one of these values.
    pub(crate) async fn source_named(&self, source: &Key, values: &BTreeSet<String>) -> Result<Found, Fault> {
        let kinds = kinds(self.tx, self.scope.number().into()).await?;
        let source = packed(source);
        let mut found = Found::new();
        for value in values {
            let mut sql = self.of_source(&source);
            sql.push(" AND NOT pending AND tkind = ANY(").bind(kinds.as_slice());
            sql.push(") AND tid = ").bind(Packed::of(value));
            found.extend(self.run(&sql).await?);
            let mut sql = self.of_source(&source);
            sql.push(" AND pending AND tkind = '' AND n = 0 AND tid IN (SELECT raw_key FROM waiting WHERE scope = ");
            sql.bind(i64::from(self.scope.number())).push(" AND by = ").bind(BY_RAW);
            sql.push(" AND name_key = ").bind(Packed::key(&fold(value))).push(" AND relation = ").bind(&self.relation);
            sql.push(" AND skind = ").bind(&source.0).push(" AND sid = ").bind(&source.1).push(")");
            found.extend(self.run(&sql).await?);
        }
        Ok(found)
    }

    /// Edges that end at a record and start at one with one of these ids.
    pub(crate) async fn target_named(&self, target: &Key, ids: &BTreeSet<String>) -> Result<Found, Fault> {
        let kinds = kinds(self.tx, self.scope.number().into()).await?;
        let ids: Vec<Packed> = ids.iter().map(|id| Packed::of(id)).collect();
        let target = packed(target);
        let mut sql = self.select();
        sql.push(" AND tkind = ").bind(&target.0).push(" AND tid = ").bind(&target.1).push(" AND NOT pending");
        sql.push(" AND skind = ANY(").bind(kinds.as_slice()).push(") AND sid = ANY(").bind(ids.as_slice()).push(")");
        self.run(&sql).await
    }

    fn of_source(&self, source: &(Packed, Packed)) -> Sql {
        let mut sql = self.select();
        sql.push(" AND skind = ").bind(&source.0).push(" AND sid = ").bind(&source.1);
        sql
    }

    /// All edges of the relation, the first `enough`.
    async fn every(&self, pending: bool, nowhere: bool, after: Option<&Place>, enough: usize) -> Result<Found, Fault> {
        let mut sql = self.select();
        if nowhere {
            sql.push(" AND (pending OR (tkind = skind AND tid = sid))");
        }
        if !pending {
            sql.push(" AND NOT pending");
        }
        if let Some(place) = after {
            sql.push(" AND (skind, sid, pending, tkind, tid, n) > (").bind(&place.source.0);
            sql.push(", ").bind(&place.source.1).push(", ").bind(place.pending);
            sql.push(", ").bind(&place.target.0).push(", ").bind(&place.target.1);
            sql.push(", ").bind(place.n).push(")");
        }
        sql.push(" ORDER BY skind, sid, pending, tkind, tid, n LIMIT ").bind(signed(enough as u64));
        self.run(&sql).await
    }
}

fn edge(row: &Row) -> Result<(Place, Edge), Fault> {
    let place = Place {
        source: (row.try_get(0)?, row.try_get(1)?),
        pending: row.try_get(2)?,
        target: (row.try_get(3)?, row.try_get(4)?),
        n: row.try_get(5)?,
    };
    let source = key(&place.source.0.open(), &place.source.1)?;
    let target = match place.pending {
        true => None,
        false => Some(key(&place.target.0.open(), &place.target.1)?),
    };
    let raw = row.try_get::<_, Packed>(6)?.into_text();
    let data = row.try_get::<_, Vec<u8>>(7)?.into();
    Ok((place, Edge { source, target, raw, data, peer: None }))
}
