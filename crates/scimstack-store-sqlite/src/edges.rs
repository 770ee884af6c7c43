//! Edges, read in pages. The table's key is the order of the contract, so a page is a range of it; of edges that end at
//! several records, the ranges of each are merged.

use crate::codec::{Reader, Writer};
use crate::dict::{Class, Dict, Num};
use crate::fault::Fault;
use crate::links::{BY_RAW, key};
use crate::read::{peer, peer_above};
use crate::sql::{self, Sql, signed};
use bytes::Bytes;
use rusqlite::{Connection, Row, params};
use scimstack_store::edge::Peer;
use scimstack_store::{Anchor, Edge, EdgePage, EdgeQuery, Key, Scope, StoreError};
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

type Found = Vec<(Place, Edge)>;

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
        Anchor::Targets(keys) => edges.to_targets(keys, after.as_ref(), enough)?,
        Anchor::All => edges.every(query.pending, after.as_ref(), enough)?,
    };
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found.last().filter(|_| more).map(|(place, _)| place.encode());
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
    let edges = found.into_iter().map(|(_, edge)| edge).collect();
    Ok(EdgePage { edges, next })
}

impl Edges<'_> {
    fn select(&self) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT skind, sid, pending, tkind, tid, n, raw, data FROM edge WHERE scope = ");
        sql.bind(self.scope.number()).push(" AND relation = ").bind(self.relation);
        sql
    }

    fn run(&self, sql: &Sql) -> Result<Found, Fault> {
        sql.all(self.connection, |row| Ok(edge(row)))?.into_iter().collect()
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
    pub(crate) fn to_targets(&self, keys: &[Key], after: Option<&Place>, enough: usize) -> Result<Found, Fault> {
        let mut keys: Vec<&Key> = keys.iter().collect();
        keys.sort();
        keys.dedup();
        let mut found = Found::new();
        match after {
            None => self.first_to_targets(&keys, enough, &mut found)?,
            Some(place) => self.to_targets_after(&keys, place, enough, &mut found)?,
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
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
    fn first_to_targets(&self, keys: &[&Key], enough: usize, found: &mut Found) -> Result<(), Fault> {
        let mut statement = sql::prepare(
            self.connection,
            "SELECT skind, sid, pending, tkind, tid, n, raw, data FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND tkind = ?3 AND tid = ?4 AND pending = 0 \
             ORDER BY skind, sid, n LIMIT ?5",
        )?;
        for key in keys {
            let (kind, id) = (key.kind.as_str(), key.id.as_str());
            let params = params![self.scope.number(), self.relation, kind, id, signed(enough as u64)];
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                found.push(edge(row)?);
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
    fn every(&self, pending: bool, after: Option<&Place>, enough: usize) -> Result<Found, Fault> {
        let mut sql = self.select();
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

fn edge(row: &Row<'_>) -> Result<(Place, Edge), Fault> {
    let place = Place {
        source: (row.get(0)?, row.get(1)?),
        pending: row.get(2)?,
        target: (row.get(3)?, row.get(4)?),
        n: row.get(5)?,
    };
    let source = key(&place.source.0, &place.source.1)?;
    let target = match place.pending {
        true => None,
        false => Some(key(&place.target.0, &place.target.1)?),
    };
    let edge = Edge {
        source,
        target,
        raw: row.get::<_, Option<String>>(6)?.unwrap_or_else(|| place.target.1.clone()),
        data: row.get::<_, Option<Vec<u8>>>(7)?.unwrap_or_default().into(),
        peer: None,
    };
    Ok((place, edge))
}
