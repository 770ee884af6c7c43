//! Where the candidates of one kind come from: the planner's driver, in terms of our tables.

use super::Reading;
use super::order::instant_of;
use crate::dict::{Class, Num};
use crate::fault::{Damaged, Fault};
use crate::links::BY_RAW;
use crate::outdated::coverage;
use crate::parts;
use crate::sql::{self, Sql, signed};
use rusqlite::params;
use rusqlite::types::Value;
use scimstack_filter::{Operator, Resolved};
use scimstack_store::plan::{Driver, Ordered, Plan, plan, plan_within};
use scimstack_store::{Kind, Scope, Target};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where candidates come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Nothing,
    /// Every record of the kind.
    All,
    Id(String),
    Unique(String),
    ExternalId(String),
    SortName(String),
    Index {
        path: Num,
        value: String,
        kind: Option<String>,
    },
    /// Targets of edges of one source.
    EdgesFrom {
        relation: Num,
        kind: Arc<str>,
        source: String,
    },
    /// A column from one value, before another.
    Column {
        name: &'static str,
        from: Option<Value>,
        to: Option<Value>,
    },
    /// The same of the attribute index.
    Values {
        path: Num,
        from: Option<String>,
        to: Option<String>,
    },
    Inactive,
    /// These, by row.
    Rows(Vec<i64>),
}

impl Reading<'_> {
    /// Where to look for a target's matches, and whether all that is found is a match.
    pub(super) fn source(&self, target: &Target, number: Num) -> Result<(Source, bool), Fault> {
        let filter = target.filter.as_deref();
        let plan = self.plan(target, number)?;
        // The planner does not call edges exact, because others keep less of them than we do.
        if let Driver::EdgesTo { .. } | Driver::EdgesFrom { .. } = plan.driver {
            return Ok((self.driven(plan.driver, target, number)?, filter.is_some_and(is_one_comparison)));
        }
        let source = self.driven(plan.driver, target, number)?;
        let is_all = source == Source::All;
        Ok((source, plan.exact && (!is_all || filter.is_none_or(is_true))))
    }

    /// The plan with those indexes that hold every record.
    pub(super) fn plan(&self, target: &Target, number: Num) -> Result<Plan, Fault> {
        let filter = target.filter.as_deref();
        let plan = plan(&target.resource_type, filter);
        if !plan.uses_indexes() {
            return Ok(plan);
        }
        let coverage = coverage(self.connection, self.dict, self.scope, number, &target.resource_type)?;
        Ok(if coverage.is_whole() { plan } else { plan_within(&target.resource_type, filter, &coverage) })
    }

    /// Where a driver looks.
    fn driven(&self, driver: Driver, target: &Target, number: Num) -> Result<Source, Fault> {
        Ok(match driver {
            Driver::Nothing => Source::Nothing,
            Driver::Id(id) => Source::Id(id),
            Driver::Unique(value) => Source::Unique(value),
            Driver::ExternalId(value) => Source::ExternalId(value),
            Driver::SortName(value) => Source::SortName(value),
            Driver::Index { path, value, kind } => match self.number(Class::Path, &path)? {
                Some(path) => Source::Index { path, value, kind },
                None => Source::Nothing,
            },
            Driver::EdgesTo { relation, target: id } => match self.number(Class::Relation, &relation)? {
                Some(relation) => Source::Rows(self.sources_of(relation, &id, target, number)?),
                None => Source::Nothing,
            },
            Driver::EdgesFrom { relation, source } => match self.number(Class::Relation, &relation)? {
                Some(relation) => self.targets_of(relation, source, target, number)?,
                None => Source::Nothing,
            },
            Driver::Range { of: Ordered::Index(path), from, to } => match self.number(Class::Path, &path)? {
                Some(path) => Source::Values { path, from, to },
                None => Source::Nothing,
            },
            Driver::Range { of, from, to } => match column(&of) {
                Some(column) => Source::Column {
                    name: column,
                    from: from.map(|key| bound(&of, key)).transpose()?,
                    to: to.map(|key| bound(&of, key)).transpose()?,
                },
                None => Source::All,
            },
            Driver::Inactive => Source::Inactive,
            Driver::Containing(part) => self.containing(&part, target, number)?,
            Driver::Any(drivers) => self.any(drivers, target, number)?,
            // A driver of a later version: all candidates are a superset of any.
            _ => Source::All,
        })
    }

    /// What any of these finds, each once.
    fn any(&self, drivers: Vec<Driver>, target: &Target, number: Num) -> Result<Source, Fault> {
        let mut rows = BTreeSet::new();
        for driver in drivers {
            match self.driven(driver, target, number)? {
                Source::Nothing => {}
                Source::All => return Ok(Source::All),
                Source::Rows(found) => rows.extend(found),
                source => {
                    let limit = self.budget.reach();
                    let mut sql = Sql::default();
                    sql.push("SELECT r.rid");
                    source.push_from(&mut sql, self.scope, number, &target.kind);
                    sql.push(" LIMIT ").bind(signed(limit));
                    rows.extend(sql.all(self.connection, |row| row.get::<_, i64>(0))?);
                }
            }
            self.budget.covers(rows.len() as u64, target)?;
        }
        Ok(Source::Rows(rows.into_iter().collect()))
    }

    /// Rows whose texts may have a part; all there are when that is less work, or when more have it than may be looked at.
    fn containing(&self, part: &str, target: &Target, number: Num) -> Result<Source, Fault> {
        let left = self.budget.left();
        let (scope, most) = (self.scope.number().into(), self.budget.reach());
        let records = self.count(&Source::All, &target.kind, number, None)?;
        let found = parts::find(self.connection, scope, number, part, records, most)?;
        self.budget.briefly(found.as_ref().map_or(0, |rows| rows.len() as u64))?;
        Ok(found.filter(|rows| rows.len() as u64 <= left).map_or(Source::All, Source::Rows))
    }

    fn number(&self, class: Class, name: &str) -> Result<Option<Num>, Fault> {
        Ok(self.dict.number(self.connection, class, name)?)
    }

    /// Rows of sources whose edges end at the record with this id, or are pending under it.
    fn sources_of(&self, relation: Num, id: &str, target: &Target, number: Num) -> Result<Vec<i64>, Fault> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let kind = target.kind.as_str();
        let limit = signed(self.budget.reach());
        for (_, of) in self.dict.all(self.connection, Class::Kind)? {
            ids.extend(sql::all(
                self.connection,
                "SELECT sid FROM edge WHERE scope = ?1 AND relation = ?2 AND tkind = ?3 AND tid = ?4 AND skind = ?5 \
                 AND pending = 0 LIMIT ?6",
                params![self.scope.number(), relation, of, id, kind, limit],
                |row| row.get::<_, String>(0),
            )?);
        }
        ids.extend(sql::all(
            self.connection,
            "SELECT sid FROM waiting WHERE scope = ?1 AND value = ?2 AND key = ?3 AND relation = ?4 AND skind = ?5 LIMIT ?6",
            params![self.scope.number(), id, BY_RAW, relation, kind, limit],
            |row| row.get::<_, String>(0),
        )?);
        self.rows_of(&ids, target, number)
    }

    /// Targets of edges that start at the record with this id, whatever its kind.
    fn targets_of(&self, relation: Num, id: String, target: &Target, number: Num) -> Result<Source, Fault> {
        let mut kinds = Vec::new();
        for (_, kind) in self.dict.all(self.connection, Class::Kind)? {
            let any: Option<i64> = sql::first(
                self.connection,
                "SELECT 1 FROM edge WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND pending = 0 \
                 AND tkind = ?5 LIMIT 1",
                params![self.scope.number(), relation, kind, id, target.kind.as_str()],
                |row| row.get(0),
            )?;
            kinds.extend(any.map(|_| kind));
        }
        match kinds.as_slice() {
            [] => Ok(Source::Nothing),
            [kind] => Ok(Source::EdgesFrom { relation, kind: kind.clone(), source: id }),
            several => {
                let mut ids = BTreeSet::new();
                for kind in several {
                    ids.extend(sql::all(
                        self.connection,
                        "SELECT tid FROM edge WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 \
                         AND pending = 0 AND tkind = ?5 LIMIT ?6",
                        params![
                            self.scope.number(),
                            relation,
                            kind,
                            id,
                            target.kind.as_str(),
                            signed(self.budget.left().saturating_add(1))
                        ],
                        |row| row.get::<_, String>(0),
                    )?);
                }
                Ok(Source::Rows(self.rows_of(&ids, target, number)?))
            }
        }
    }

    fn rows_of(&self, ids: &BTreeSet<String>, target: &Target, number: Num) -> Result<Vec<i64>, Fault> {
        self.budget.covers(ids.len() as u64, target)?;
        let mut rids = Vec::with_capacity(ids.len());
        for id in ids {
            rids.extend(sql::first(
                self.connection,
                "SELECT rid FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3",
                params![self.scope.number(), number, id],
                |row| row.get::<_, i64>(0),
            )?);
        }
        Ok(rids)
    }
}

impl Source {
    /// `FROM … WHERE`, with the record as `r`.
    pub(super) fn push_from(&self, sql: &mut Sql, scope: Scope, kind: Num, name: &Kind) {
        match self {
            Self::Index { .. } | Self::Values { .. } => {
                sql.push(" FROM (");
                self.push_counted(sql, scope, kind, name);
                sql.push(") a CROSS JOIN resource r ON r.rid = a.rid WHERE 1");
            }
            Self::EdgesFrom { .. } => {
                sql.push(" FROM edge e CROSS JOIN resource r ON r.scope = e.scope AND r.kind = ").bind(kind);
                sql.push(" AND r.id = e.tid WHERE ");
                self.push_edges(sql, scope, name);
            }
            _ => {
                sql.push(" FROM resource r WHERE ");
                self.push_columns(sql, scope, kind);
            }
        }
    }

    /// A statement with one row for each candidate.
    pub(super) fn push_counted(&self, sql: &mut Sql, scope: Scope, kind: Num, name: &Kind) {
        match self {
            Self::Index { path, value, kind: element } => {
                sql.push("SELECT DISTINCT rid FROM av WHERE scope = ").bind(scope.number());
                sql.push(" AND kind = ").bind(kind).push(" AND attr = ").bind(*path);
                sql.push(" AND val = ").bind(value.clone());
                if let Some(element) = element {
                    sql.push(" AND type = ").bind(element.clone());
                }
            }
            Self::Values { path, from, to } => {
                sql.push("SELECT DISTINCT rid FROM av WHERE scope = ").bind(scope.number());
                sql.push(" AND kind = ").bind(kind).push(" AND attr = ").bind(*path);
                if let Some(from) = from {
                    sql.push(" AND val >= ").bind(from.clone());
                }
                if let Some(to) = to {
                    sql.push(" AND val < ").bind(to.clone());
                }
            }
            Self::EdgesFrom { .. } => {
                sql.push("SELECT 1 FROM edge e WHERE ");
                self.push_edges(sql, scope, name);
            }
            _ => {
                sql.push("SELECT 1 FROM resource r WHERE ");
                self.push_columns(sql, scope, kind);
            }
        }
    }

    fn push_edges(&self, sql: &mut Sql, scope: Scope, name: &Kind) {
        if let Self::EdgesFrom { relation, kind: of, source } = self {
            sql.push("e.scope = ").bind(scope.number()).push(" AND e.relation = ").bind(*relation);
            sql.push(" AND e.skind = ").bind(of.to_string()).push(" AND e.sid = ").bind(source.clone());
            sql.push(" AND e.pending = 0 AND e.tkind = ").bind(name.to_string());
        }
    }

    fn push_columns(&self, sql: &mut Sql, scope: Scope, kind: Num) {
        sql.push("r.scope = ").bind(scope.number()).push(" AND r.kind = ").bind(kind);
        let (column, value) = match self {
            Self::Id(id) => (" AND r.id = ", id),
            Self::Unique(value) => (" AND r.uniq = ", value),
            Self::ExternalId(value) => (" AND r.external_id = ", value),
            Self::SortName(value) => (" AND r.sort_name = ", value),
            Self::Column { name, from, to } => {
                if let Some(from) = from {
                    sql.push(" AND r.").push(name).push(" >= ").bind(from.clone());
                }
                if let Some(to) = to {
                    sql.push(" AND r.").push(name).push(" < ").bind(to.clone());
                }
                return;
            }
            Self::Inactive => {
                sql.push(" AND r.active = 0");
                return;
            }
            _ => return,
        };
        sql.push(column).bind(value.clone());
    }

    /// The column to order by id with.
    pub(super) fn id_column(&self) -> &'static str {
        match self {
            Self::EdgesFrom { .. } => "e.tid",
            _ => "r.id",
        }
    }
}

/// The column of an order, of those that are columns.
fn column(of: &Ordered) -> Option<&'static str> {
    match of {
        Ordered::Unique => Some("uniq"),
        Ordered::ExternalId => Some("external_id"),
        Ordered::SortName => Some("sort_name"),
        Ordered::Created => Some("created"),
        Ordered::Modified => Some("modified"),
        _ => None,
    }
}

/// A key as the column has it.
fn bound(of: &Ordered, key: String) -> Result<Value, Fault> {
    match of {
        Ordered::Created | Ordered::Modified => Ok(instant_of(&key).ok_or(Damaged("a time that is none"))?.into()),
        _ => Ok(key.into()),
    }
}

/// Whether a filter says nothing: no conjuncts.
fn is_true(filter: &Resolved) -> bool {
    matches!(filter, Resolved::And(all) if all.iter().all(is_true))
}

/// Whether a single `eq` is all that a filter says.
fn is_one_comparison(filter: &Resolved) -> bool {
    match filter {
        Resolved::And(inner) | Resolved::Or(inner) => match inner.as_slice() {
            [only] => is_one_comparison(only),
            _ => false,
        },
        Resolved::Element(_, inner) => is_one_comparison(inner),
        Resolved::Test(test) => test.operator == Some(Operator::Eq),
        Resolved::Not(_) => false,
    }
}
