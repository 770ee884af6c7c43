//! What is above many records: the first edges that end at any of them, with who is at their other end. One statement, and
//! what an index knows is all that is read of the edges. Many of them start at the same few groups, each of which is made
//! once.

use super::Place;
use crate::fault::{Damaged, Fault};
use crate::refs::packed;
use crate::sql::{self, Transaction};
use crate::text::{Packed, opened};
use bytes::Bytes;
use scimstack_store::edge::Peer;
use scimstack_store::{Edge, EdgePage, Key, Kind, ResourceId, Scope};
use std::collections::HashMap;
use tokio_postgres::Row;

/// The first [`super::MOST`] edges of each, and one. Whoever is not there has nothing for `is_target`.
const ABOVE: &str = "SELECT t.at, e.n, e.skind, e.sid, r.display, r.active, \
    (SELECT EXISTS (SELECT 1 FROM edge a WHERE a.scope = $1 AND a.relation = $2 AND a.tkind = e.skind \
    AND a.tid = e.sid AND NOT a.pending) WHERE r.id IS NOT NULL) \
    FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS t(kind, id, at) CROSS JOIN LATERAL \
    (SELECT l.skind, l.sid, l.n FROM edge l WHERE l.scope = $1 AND l.relation = $2 AND l.tkind = t.kind \
    AND l.tid = t.id AND NOT l.pending ORDER BY l.skind, l.sid, l.n LIMIT 1001) AS e \
    LEFT JOIN resource r ON r.scope = $1 AND r.kind = e.skind AND r.id = e.sid";

/// An edge by numbers: those of its source and its target, in the order of their keys, and its own.
type Spot = (usize, i64, i64);

/// Where edges start.
struct Source {
    key: Key,
    peer: Option<Peer>,
}

/// The first `limit` edges of a relation that end at any of these.
pub(super) async fn above(
    tx: &Transaction<'_>,
    scope: Scope,
    relation: &str,
    keys: &[Key],
    limit: usize,
) -> Result<EdgePage, Fault> {
    let mut targets: Vec<&Key> = keys.iter().collect();
    targets.sort_unstable();
    targets.dedup();
    // Packed texts are in the same order.
    let (kinds, ids): (Vec<Packed>, Vec<Packed>) = targets.iter().map(|key| packed(key)).unzip();
    let scope = i64::from(scope.number());
    let rows = sql::all(tx, ABOVE, &[&scope, &Packed::of(relation), &kinds, &ids]).await?;
    let (sources, mut spots) = ranked(&rows)?;
    spots.sort_unstable();
    let more = spots.len() > limit;
    spots.truncate(limit);
    let target = |at: i64| {
        let at = usize::try_from(at - 1).unwrap_or(usize::MAX);
        targets.get(at).copied().ok_or(Damaged("a row that was not asked for"))
    };
    let mut edges = Vec::with_capacity(spots.len());
    let mut last = None;
    for (source, at, n) in spots {
        let Some(Source { key, peer }) = sources.get(source) else { continue };
        let target = target(at)?;
        last = Some((key, target, n));
        let (source, peer) = (key.clone(), peer.clone());
        edges.push(Edge { source, target: Some(target.clone()), raw: String::new(), data: Bytes::new(), peer });
    }
    let place = |(source, target, n)| Place { source: packed(source), pending: false, target: packed(target), n };
    let next = last.filter(|_| more).map(|last| place(last).encode());
    Ok(EdgePage { edges, next })
}

/// The sources of rows in order, and the rows by numbers.
fn ranked(rows: &[Row]) -> Result<(Vec<Source>, Vec<Spot>), Fault> {
    let mut numbers: HashMap<(&str, &str), usize> = HashMap::new();
    let mut found: Vec<((&str, &str), usize, Source)> = Vec::new();
    let mut spots = Vec::with_capacity(rows.len());
    for row in rows {
        let names: (&str, &str) = (row.try_get(2)?, row.try_get(3)?);
        let number = match numbers.get(&names) {
            Some(number) => *number,
            None => {
                let kind = match found.last() {
                    Some(((kind, _), _, source)) if *kind == names.0 => source.key.kind.clone(),
                    _ => Kind::from(&*opened(names.0)),
                };
                let source = source(row, kind, names.1)?;
                numbers.insert(names, found.len());
                found.push((names, found.len(), source));
                found.len() - 1
            }
        };
        spots.push((number, row.try_get(0)?, row.try_get(1)?));
    }
    found.sort_unstable_by_key(|(names, ..)| *names);
    let mut ranks = vec![0; found.len()];
    for (rank, (_, number, _)) in found.iter().enumerate() {
        if let Some(place) = ranks.get_mut(*number) {
            *place = rank;
        }
    }
    for (source, ..) in &mut spots {
        *source = ranks.get(*source).copied().unwrap_or(usize::MAX);
    }
    Ok((found.into_iter().map(|(.., source)| source).collect(), spots))
}

fn source(row: &Row, kind: Kind, id: &str) -> Result<Source, Fault> {
    let key = Key { kind, id: ResourceId::new(&opened(id)).ok_or(Damaged("an id that is none"))? };
    let is_target: Option<bool> = row.try_get(6)?;
    let peer = match is_target {
        Some(is_target) => {
            let display = row.try_get::<_, Option<Packed>>(4)?.map(Packed::into_text);
            Some(Peer { display, active: row.try_get(5)?, is_target })
        }
        None => None,
    };
    Ok(Source { key, peer })
}
