//! Edges, read in pages. The table's key is the order of the contract, so a page is a range of it; of edges that end at
//! several records, the ranges of each are merged.

use crate::codec::{Reader, Writer};
use crate::dict::{Class, Dict, Num};
use crate::fault::{Damaged, Fault};
use crate::links::BY_RAW;
use crate::read::{peer, peer_above};
use crate::sql::{self, Sql, signed};
use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use scimstack_store::edge::Peer;
use scimstack_store::{Anchor, Edge, EdgePage, EdgeQuery, Key, Kind, ResourceId, Scope, StoreError};
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

/// The place of an edge in the order: `skind, sid, pending, tkind, tid, n`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    source: (String, String),
    pending: bool,
    target: (String, String),
    n: i64,
}

const CURSOR: u8 = b'e';

impl Place {
    fn of((n, edge): &Numbered) -> Self {
        let text = |key: &Key| (key.kind.as_str().to_owned(), key.id.as_str().to_owned());
        let target = edge.target.as_ref().map_or_else(|| (String::new(), edge.raw.clone()), text);
        Self { source: text(&edge.source), pending: edge.target.is_none(), target, n: *n }
    }

    fn encode(&self) -> Bytes {
        let mut out = Writer::new(CURSOR);
        out.text(&self.source.0).text(&self.source.1).number(u64::from(self.pending));
        out.text(&self.target.0).text(&self.target.1).signed(self.n);
        out.finish().into()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, CURSOR)?;
        let text = |reader: &mut Reader<'_>| reader.text().map(str::to_owned);
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
    pub(crate) connection: &'r Connection,
    pub(crate) dict: &'r Dict,
    pub(crate) scope: Scope,
    pub(crate) relation: Num,
}

/// An edge with the last part of its place.
type Numbered = (i64, Edge);
type Found = Vec<Numbered>;

/// The order of places.
fn order((n, one): &Numbered, (m, other): &Numbered) -> Ordering {
    // Bound ones come first, the others by their raw value.
    let target = |edge: &Edge| edge.target.is_none();
    let by_target = || match (&one.target, &other.target) {
        (Some(one), Some(other)) => one.cmp(other),
        _ => target(one).cmp(&target(other)).then_with(|| one.raw.cmp(&other.raw)),
    };
    one.source.cmp(&other.source).then_with(by_target).then_with(|| n.cmp(m))
}

/// Edges `e` with the record at one end as `r`.
macro_rules! with_peer {
    ($columns:literal, $further:literal, $kind:literal, $id:literal, $which:literal) => {
        concat!(
            "SELECT r.id, r.display, r.active, ",
            $further,
            ", e.n, ",
            $columns,
            " FROM edge e LEFT JOIN resource r ON r.scope = ?1 AND r.id = e.",
            $id,
            " AND r.kind = (SELECT num FROM dict WHERE class = 1 AND name = e.",
            $kind,
            ") WHERE e.scope = ?1 AND e.relation = ?2 AND ",
            $which,
            " LIMIT ?5"
        )
    };
}

/// Those that end at one record. Without values the index is all that is read of them.
macro_rules! to_target {
    ($values:literal) => {
        with_peer!(
            $values,
            "EXISTS (SELECT 1 FROM edge a WHERE a.scope = ?1 AND a.relation = ?2 AND a.tkind = e.skind AND a.tid = e.sid \
             AND a.pending = 0)",
            "skind",
            "sid",
            "e.tkind = ?3 AND e.tid = ?4 AND e.pending = 0 ORDER BY e.skind, e.sid, e.n"
        )
    };
}

/// What most questions for edges are: the first of those at one record, with what is at their other end. One statement,
/// which needs no transaction around it. `None` for every other question.
pub(crate) fn direct(
    connection: &Connection,
    dict: &Dict,
    scope: Scope,
    query: &EdgeQuery,
) -> Result<Option<EdgePage>, Fault> {
    let (true, None, 1.., Anchor::Targets(keys) | Anchor::Sources(keys)) =
        (query.peer, &query.after, query.limit, &query.anchor)
    else {
        return Ok(None);
    };
    let ([one], Some(relation)) = (&**keys, dict.number(connection, Class::Relation, &query.relation)?) else {
        return Ok(None);
    };
    let backward = matches!(query.anchor, Anchor::Targets(_));
    let mut statement = sql::prepare(
        connection,
        match (backward, query.values, query.pending) {
            (true, true, _) => to_target!("e.skind, e.sid, e.raw, e.data"),
            (true, false, _) => to_target!("e.skind, e.sid"),
            (false, _, true) => with_peer!(
                "e.tkind, e.tid, e.raw, e.data, e.pending",
                "0",
                "tkind",
                "tid",
                "e.skind = ?3 AND e.sid = ?4 ORDER BY e.pending, e.tkind, e.tid, e.n"
            ),
            (false, _, false) => with_peer!(
                "e.tkind, e.tid, e.raw, e.data, 0",
                "0",
                "tkind",
                "tid",
                "e.skind = ?3 AND e.sid = ?4 AND e.pending = 0 ORDER BY e.pending, e.tkind, e.tid, e.n"
            ),
        },
    )?;
    let (kind, id) = (one.kind.as_str(), one.id.as_str());
    let params = params![scope.number(), relation, kind, id, signed(query.limit.saturating_add(1) as u64)];
    let (mut rows, mut kinds, mut found) = (statement.query(params)?, Kinds::default(), Found::new());
    while let Some(row) = rows.next()? {
        let peer = match row.get_ref(0)? {
            ValueRef::Null => None,
            _ => Some(Peer { display: row.get(1)?, active: row.get(2)?, is_target: row.get(3)? }),
        };
        let edge = match backward {
            true => ending(row, 5, query.values.then_some(7), one, &mut kinds)?,
            false if row.get(9)? => pending(row, 6, 7, one.clone())?,
            false => {
                let target = key_at(row, 5, &mut kinds)?;
                edge(row, Some(7), one.clone(), Some(target))?
            }
        };
        found.push((row.get(4)?, Edge { peer, ..edge }));
    }
    Ok(Some(page(found, query.limit)))
}

/// The first of what was found.
fn page(mut found: Found, limit: usize) -> EdgePage {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| Place::of(last).encode());
    EdgePage { edges: found.into_iter().map(|(_, edge)| edge).collect(), next }
}

pub(crate) fn edges(connection: &Connection, dict: &Dict, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, Fault> {
    let after = match &query.after {
        Some(cursor) => Some(Place::decode(cursor).ok_or(StoreError::BadCursor)?),
        None => None,
    };
    let relation = match dict.number(connection, Class::Relation, &query.relation)? {
        Some(relation) if query.limit > 0 => relation,
        _ => {
            return Ok(EdgePage { edges: Vec::new(), next: None });
        }
    };
    let edges = Edges { connection, dict, scope, relation };
    let enough = query.limit.saturating_add(1);
    let mut found = match &query.anchor {
        Anchor::Sources(keys) => edges.starting_at_sources(keys, query.pending, after.as_ref(), enough)?,
        Anchor::Targets(keys) => edges.to_targets(keys, query.values, after.as_ref(), enough)?,
        Anchor::All => edges.every(query.pending, false, after.as_ref(), enough)?,
        Anchor::Nowhere => edges.every(query.pending, true, after.as_ref(), enough)?,
    };
    found.truncate(enough);
    if query.peer {
        let backward = matches!(query.anchor, Anchor::Targets(_));
        // Many edges may lead to the same few records.
        let mut known: HashMap<Key, Option<Peer>> = HashMap::new();
        for (_, edge) in &mut found {
            let other = if backward { Some(&edge.source) } else { edge.target.as_ref() };
            let Some(other) = other else { continue };
            edge.peer = match known.get(other) {
                Some(peer) => peer.clone(),
                None => {
                    let peer = match backward {
                        true => peer_above(connection, dict, scope, relation, other)?,
                        false => peer(connection, dict, scope, other)?,
                    };
                    known.insert(other.clone(), peer.clone());
                    peer
                }
            };
        }
    }
    Ok(page(found, query.limit))
}

impl Edges<'_> {
    fn select(&self) -> Sql {
        self.select_from("edge")
    }

    fn select_from(&self, table: &'static str) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT skind, sid, pending, tkind, tid, n, raw, data FROM ").push(table).push(" WHERE scope = ");
        sql.bind(self.scope.number()).push(" AND relation = ").bind(self.relation);
        sql
    }

    fn run(&self, sql: &Sql) -> Result<Found, Fault> {
        let (mut kinds, mut found) = (Kinds::default(), Found::new());
        sql.each(self.connection, |row| {
            found.push(numbered(row, &mut kinds)?);
            Ok::<_, Fault>(())
        })?;
        Ok(found)
    }

    /// Edges that start at any of these, the first `enough`.
    pub(crate) fn starting_at_sources(
        &self,
        keys: &[Key],
        pending: bool,
        after: Option<&Place>,
        enough: usize,
    ) -> Result<Found, Fault> {
        let mut keys: Vec<&Key> = keys.iter().collect();
        keys.sort();
        keys.dedup();
        let mut found = Found::new();
        for key in keys {
            let source = (key.kind.as_str(), key.id.as_str());
            let after = match after {
                Some(place) if source < (&*place.source.0, &*place.source.1) => continue,
                Some(place) if source == (&*place.source.0, &*place.source.1) => Some(place),
                _ => None,
            };
            let mut sql = self.starting_at_source(key);
            if !pending {
                sql.push(" AND pending = 0");
            }
            if let Some(place) = after {
                sql.push(" AND (pending, tkind, tid, n) > (").bind(place.pending);
                sql.push(", ").bind(place.target.0.clone()).push(", ").bind(place.target.1.clone());
                sql.push(", ").bind(place.n).push(")");
            }
            sql.push(" ORDER BY pending, tkind, tid, n LIMIT ").bind(signed((enough - found.len()) as u64));
            found.extend(self.run(&sql)?);
            if found.len() >= enough {
                break;
            }
        }
        Ok(found)
    }

    /// Edges that end at any of these, the first `enough`.
    pub(crate) fn to_targets(
        &self,
        keys: &[Key],
        values: bool,
        after: Option<&Place>,
        enough: usize,
    ) -> Result<Found, Fault> {
        let mut keys: Vec<&Key> = keys.iter().collect();
        keys.sort();
        keys.dedup();
        let mut found = Found::new();
        match after {
            None => self.first_to_targets(&keys, values, enough, &mut found)?,
            Some(place) => self.to_targets_after(&keys, place, enough, &mut found)?,
        }
        found.sort_by(order);
        found.truncate(enough);
        Ok(found)
    }

    fn to_targets_after(&self, keys: &[&Key], place: &Place, enough: usize, found: &mut Found) -> Result<(), Fault> {
        for key in keys {
            let target = (key.kind.as_str(), key.id.as_str());
            let mut sql = self.select();
            sql.push(" AND tkind = ").bind(target.0.to_owned()).push(" AND tid = ").bind(target.1.to_owned());
            sql.push(" AND pending = 0");
            // From the same source, edges to this target come before the place, around it, or after it.
            let n = match target.cmp(&(&*place.target.0, &*place.target.1)) {
                std::cmp::Ordering::Less => i64::MAX,
                std::cmp::Ordering::Equal => place.n,
                std::cmp::Ordering::Greater => -1,
            };
            sql.push(" AND (skind, sid, n) > (").bind(place.source.0.clone());
            sql.push(", ").bind(place.source.1.clone()).push(", ").bind(n).push(")");
            sql.push(" ORDER BY skind, sid, n LIMIT ").bind(signed(enough as u64));
            found.extend(self.run(&sql)?);
        }
        Ok(())
    }

    /// Of each of these the first `enough` edges that end there.
    fn first_to_targets(&self, keys: &[&Key], values: bool, enough: usize, found: &mut Found) -> Result<(), Fault> {
        macro_rules! first {
            ($columns:literal) => {
                concat!(
                    "SELECT n, ",
                    $columns,
                    " FROM edge WHERE scope = ?1 AND relation = ?2 AND tkind = ?3 AND tid = ?4 AND pending = 0 \
                     ORDER BY skind, sid, n LIMIT ?5"
                )
            };
        }
        let text = if values { first!("skind, sid, raw, data") } else { first!("skind, sid") };
        let mut statement = sql::prepare(self.connection, text)?;
        let mut kinds = Kinds::default();
        for &target in keys {
            let (kind, id) = (target.kind.as_str(), target.id.as_str());
            let params = params![self.scope.number(), self.relation, kind, id, signed(enough as u64)];
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, ending(row, 1, values.then_some(3), target, &mut kinds)?));
            }
        }
        Ok(())
    }

    /// Edges that start at a record and show one of these values.
    pub(crate) fn starting_at_source_named(&self, source: &Key, values: &BTreeSet<String>) -> Result<Found, Fault> {
        let mut found = Found::new();
        for value in values {
            for (_, kind) in self.dict.all(self.connection, Class::Kind)? {
                let mut sql = self.starting_at_source(source);
                sql.push(" AND pending = 0 AND tkind = ").bind(kind.to_string());
                sql.push(" AND tid = ").bind(value.clone());
                found.extend(self.run(&sql)?);
            }
            let pending: Vec<String> = sql::all(
                self.connection,
                "SELECT raw FROM waiting WHERE scope = ?1 AND value = ?2 AND key = ?3 AND relation = ?4 \
                 AND skind = ?5 AND sid = ?6",
                params![self.scope.number(), value, BY_RAW, self.relation, source.kind.as_str(), source.id.as_str()],
                |row| row.get(0),
            )?;
            for raw in pending {
                let mut sql = self.starting_at_source(source);
                sql.push(" AND pending = 1 AND tkind = '' AND tid = ").bind(raw);
                found.extend(self.run(&sql)?);
            }
        }
        Ok(found)
    }

    /// Edges that end at a record and start at one with one of these ids.
    pub(crate) fn to_target_from(&self, target: &Key, ids: &BTreeSet<String>) -> Result<Found, Fault> {
        let mut found = Found::new();
        for id in ids {
            for (_, kind) in self.dict.all(self.connection, Class::Kind)? {
                let mut sql = self.select();
                sql.push(" AND skind = ").bind(kind.to_string()).push(" AND sid = ").bind(id.clone());
                sql.push(" AND pending = 0 AND tkind = ").bind(target.kind.to_string());
                sql.push(" AND tid = ").bind(target.id.to_string());
                found.extend(self.run(&sql)?);
            }
        }
        Ok(found)
    }

    fn starting_at_source(&self, source: &Key) -> Sql {
        let mut sql = self.select();
        sql.push(" AND skind = ").bind(source.kind.to_string()).push(" AND sid = ").bind(source.id.to_string());
        sql
    }

    /// All edges of the relation, the first `enough`.
    fn every(&self, pending: bool, nowhere: bool, after: Option<&Place>, enough: usize) -> Result<Found, Fault> {
        let mut sql = if nowhere { self.select_from("edge INDEXED BY edge_nowhere") } else { self.select() };
        if nowhere {
            sql.push(" AND (pending = 1 OR (tkind = skind AND tid = sid))");
        }
        if !pending {
            // The sign keeps the planner from taking it for a reason to sort.
            sql.push(" AND +pending = 0");
        }
        if let Some(place) = after {
            sql.push(" AND (skind, sid, pending, tkind, tid, n) > (").bind(place.source.0.clone());
            sql.push(", ").bind(place.source.1.clone()).push(", ").bind(place.pending);
            sql.push(", ").bind(place.target.0.clone()).push(", ").bind(place.target.1.clone());
            sql.push(", ").bind(place.n).push(")");
        }
        sql.push(" ORDER BY skind, sid, pending, tkind, tid, n LIMIT ").bind(signed(enough as u64));
        self.run(&sql)
    }
}

/// Kinds that came before: each is made once.
#[derive(Default)]
struct Kinds(Vec<Kind>);

impl Kinds {
    fn kind(&mut self, name: &str) -> Kind {
        if let Some(known) = self.0.iter().find(|known| known.as_str() == name) {
            return known.clone();
        }
        let kind = Kind::from(name);
        self.0.push(kind.clone());
        kind
    }
}

/// The key in this column and the next.
fn key_at(row: &Row<'_>, at: usize, kinds: &mut Kinds) -> Result<Key, Fault> {
    let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    let id = ResourceId::new(text(at + 1)?).ok_or(Damaged("an id that is none"))?;
    Ok(Key { kind: kinds.kind(text(at)?), id })
}

/// The edge whose raw value is in this column and what else was sent in the next; empty where neither was read.
fn edge(row: &Row<'_>, values: Option<usize>, source: Key, target: Option<Key>) -> Result<Edge, Fault> {
    let Some(at) = values else {
        return Ok(Edge { source, target, raw: String::new(), data: Bytes::new(), peer: None });
    };
    let raw = match row.get::<_, Option<String>>(at)? {
        Some(raw) => raw,
        None => target.as_ref().map_or_else(String::new, |target| target.id.as_str().to_owned()),
    };
    let data = row.get_ref(at + 1)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    Ok(Edge { source, target, raw, data: data.map_or_else(Bytes::new, Bytes::copy_from_slice), peer: None })
}

/// The edge that ends at this record and starts at the key in this column.
fn ending(row: &Row<'_>, at: usize, values: Option<usize>, target: &Key, kinds: &mut Kinds) -> Result<Edge, Fault> {
    let source = key_at(row, at, kinds)?;
    edge(row, values, source, Some(target.clone()))
}

/// An edge that waits: it has its raw value where others have their target's id.
fn pending(row: &Row<'_>, id: usize, values: usize, source: Key) -> Result<Edge, Fault> {
    Ok(Edge { raw: row.get(id)?, ..edge(row, Some(values), source, None)? })
}

/// An edge of [`Edges::select`].
fn numbered(row: &Row<'_>, kinds: &mut Kinds) -> Result<Numbered, Fault> {
    let source = key_at(row, 0, kinds)?;
    let n = row.get(5)?;
    if row.get(2)? {
        return Ok((n, pending(row, 4, 6, source)?));
    }
    let target = key_at(row, 3, kinds)?;
    Ok((n, edge(row, Some(6), source, Some(target))?))
}
