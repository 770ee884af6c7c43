//! Edges while something is written: rows of `edge`, and of `waiting` for those that are pending. Which are made and which
//! go is decided in [`crate::refs`] and [`crate::commit`].

use crate::commit::Work;
use crate::dict::Num;
use crate::entries::{NameRow, key_number};
use crate::fault::{Damaged, Fault};
use crate::sql;
use rusqlite::{Row, params};
use scimstack_schema::fold::exact;
use scimstack_store::record::normalize_name;
use scimstack_store::{Key, ResourceId};
use std::collections::BTreeSet;

/// Beside the names it waits for, a pending edge is found by its raw value, because that is what it shows; as it is
/// compared with case, by [`exact`]. No kind of name has this number.
pub(crate) const BY_RAW: i64 = 9;

/// One row of `edge` without its source and relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) target: Option<Key>,
    pub(crate) raw: String,
    pub(crate) n: i64,
    pub(crate) spec: Num,
    /// Empty for none.
    pub(crate) data: Vec<u8>,
}

impl Link {
    /// What it shows as its value: the target's id, or the raw value while it is pending.
    pub(crate) fn value(&self) -> &str {
        self.target.as_ref().map_or(self.raw.as_str(), |target| target.id.as_str())
    }

    /// `pending, tkind, tid`
    pub(crate) fn place(&self) -> (bool, &str, &str) {
        match &self.target {
            Some(target) => (false, target.kind.as_str(), target.id.as_str()),
            None => (true, "", &self.raw),
        }
    }

    /// From the columns `pending, tkind, tid, n, raw, spec, data`.
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let tid: String = row.get(2)?;
        let target = match row.get(0)? {
            true => None,
            false => Some(key(&row.get::<_, String>(1)?, &tid)?),
        };
        Ok(Self {
            target,
            raw: row.get::<_, Option<String>>(4)?.unwrap_or(tid),
            n: row.get(3)?,
            spec: row.get(5)?,
            data: row.get::<_, Option<Vec<u8>>>(6)?.unwrap_or_default(),
        })
    }
}

/// A key that was stored.
pub(crate) fn key(kind: &str, id: &str) -> Result<Key, Damaged> {
    let id = ResourceId::new(id).ok_or(Damaged("an id that is none"))?;
    Ok(Key::new(kind, id))
}

impl Work<'_> {
    /// The references of one relation that belong to a record.
    pub(crate) fn own_links(&self, source: &Key, relation: Num) -> Result<Vec<Link>, Fault> {
        let (kind, id) = (source.kind.as_str(), source.id.as_str());
        let mut statement = sql::prepare(
            self.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND n > 0",
        )?;
        let mut rows = statement.query(params![self.scope, relation, kind, id])?;
        let mut links = Vec::new();
        while let Some(row) = rows.next()? {
            links.push(Link::read(row)?);
        }
        Ok(links)
    }

    pub(crate) fn erase_pending_of(&mut self, source: &Key, relation: Num) -> Result<(), Fault> {
        let mut pending = Vec::new();
        {
            let mut statement = sql::prepare(
                self.connection,
                "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
                 WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND pending = 1",
            )?;
            let params = params![self.scope, relation, source.kind.as_str(), source.id.as_str()];
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                pending.push(Link::read(row)?);
            }
        }
        pending.iter().try_for_each(|link| self.erase(source, relation, link))
    }

    pub(crate) fn incoming(&self, record: &Key, relation: Num) -> Result<Vec<(Key, Link)>, Fault> {
        let mut statement = sql::prepare(
            self.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data, skind, sid FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND tkind = ?3 AND tid = ?4 AND pending = 0 ORDER BY skind, sid, n",
        )?;
        let mut rows = statement.query(params![self.scope, relation, record.kind.as_str(), record.id.as_str()])?;
        let mut links = Vec::new();
        while let Some(row) = rows.next()? {
            let source = key(&row.get::<_, String>(7)?, &row.get::<_, String>(8)?)?;
            links.push((source, Link::read(row)?));
        }
        Ok(links)
    }

    /// The edge at a place, if there is one.
    pub(crate) fn link(
        &self,
        source: &Key,
        relation: Num,
        (pending, kind, id): (bool, &str, &str),
        n: i64,
    ) -> Result<Option<Link>, Fault> {
        let mut statement = sql::prepare(
            self.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge WHERE scope = ?1 AND relation = ?2 \
             AND skind = ?3 AND sid = ?4 AND pending = ?5 AND tkind = ?6 AND tid = ?7 AND n = ?8",
        )?;
        let source = (source.kind.as_str(), source.id.as_str());
        let mut rows = statement.query(params![self.scope, relation, source.0, source.1, pending, kind, id, n])?;
        rows.next()?.map(Link::read).transpose()
    }

    /// Writes an edge that is not there yet, and under which names it waits when it is pending.
    pub(crate) fn insert(&mut self, source: &Key, relation: Num, link: &Link) -> Result<(), Fault> {
        let (pending, tkind, tid) = link.place();
        let raw = (link.raw != tid).then_some(&link.raw);
        let data = (!link.data.is_empty()).then_some(&link.data);
        let (skind, sid) = (source.kind.as_str(), source.id.as_str());
        sql::run(
            self.connection,
            "INSERT INTO edge(scope, relation, skind, sid, pending, tkind, tid, n, raw, spec, data) \
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![self.scope, relation, skind, sid, pending, tkind, tid, link.n, raw, link.spec, data],
        )?;
        if pending {
            for name in self.waits_for(link)? {
                sql::run(
                    self.connection,
                    "INSERT INTO waiting(scope, value, key, relation, skind, sid, raw, n) \
                     VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![self.scope, name.value, name.key, relation, skind, sid, link.raw, link.n],
                )?;
            }
        }
        Ok(())
    }

    /// Deletes an edge with the names it waits for.
    pub(crate) fn erase(&mut self, source: &Key, relation: Num, link: &Link) -> Result<(), Fault> {
        let (pending, tkind, tid) = link.place();
        let (skind, sid) = (source.kind.as_str(), source.id.as_str());
        sql::run(
            self.connection,
            "DELETE FROM edge WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND pending = ?5 \
             AND tkind = ?6 AND tid = ?7 AND n = ?8",
            params![self.scope, relation, skind, sid, pending, tkind, tid, link.n],
        )?;
        if pending {
            for name in self.waits_for(link)? {
                sql::run(
                    self.connection,
                    "DELETE FROM waiting WHERE scope = ?1 AND value = ?2 AND key = ?3 AND relation = ?4 \
                     AND skind = ?5 AND sid = ?6 AND raw = ?7 AND n = ?8",
                    params![self.scope, name.value, name.key, relation, skind, sid, link.raw, link.n],
                )?;
            }
        }
        Ok(())
    }

    fn waits_for(&self, link: &Link) -> Result<BTreeSet<NameRow>, Fault> {
        let keys = self.spec(link.spec)?.keys;
        let mut names: BTreeSet<NameRow> =
            keys.into_iter().map(|by| NameRow { key: key_number(by), value: normalize_name(by, &link.raw) }).collect();
        if link.n == 0 {
            names.insert(NameRow { key: BY_RAW, value: exact(&link.raw).into_owned() });
        }
        Ok(names)
    }
}
