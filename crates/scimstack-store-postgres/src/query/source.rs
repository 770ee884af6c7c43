//! Where the candidates of one kind come from: the planner's driver, in terms of our tables.

use super::Reading;
use super::order::instant_of;
use crate::fault::{Damaged, Fault};
use crate::outdated::coverage;
use crate::read::kinds;
use crate::refs::BY_RAW;
use crate::sql::{self, Sql, signed};
use crate::text::Packed;
use scimstack_filter::{Operator, Resolved, Test};
use scimstack_schema::fold::fold;
use scimstack_store::plan::{Driver, Ordered, Plan, plan, plan_within};
use scimstack_store::{Scope, Target};
use std::collections::BTreeSet;

/// Where candidates come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Nothing,
    /// Every record of the kind.
    All,
    Id(Packed),
    Unique(Packed),
    ExternalId(Packed),
    SortName(Packed),
    Index {
        path: Packed,
        value: Packed,
        kind: Option<Packed>,
    },
    /// Targets of edges of one source.
    EdgesFrom {
        relation: Packed,
        kind: Packed,
        source: Packed,
    },
    /// A column from one value, before another.
    Column {
        name: &'static str,
        from: Option<Bound>,
        to: Option<Bound>,
    },
    /// The same of the attribute index.
    Values {
        path: Packed,
        from: Option<Packed>,
        to: Option<Packed>,
    },
    Inactive,
    /// The records with these ids.
    Rows(Vec<Packed>),
}

/// Where a stretch of a column begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Text(Packed),
    Micros(i64),
}

impl Bound {
    fn push(&self, sql: &mut Sql) {
        match self {
            Self::Text(text) => sql.bind(text),
            Self::Micros(micros) => sql.bind(*micros),
        };
    }
}

impl Reading<'_> {
    /// Where to look for a target's matches, and whether all that is found is a match.
    pub(super) async fn source(&self, target: &Target) -> Result<(Source, bool), Fault> {
        let filter = target.filter.as_deref();
        let plan = self.plan(target).await?;
        let only = filter.and_then(only_test);
        let by_edges = match &plan.driver {
            // Whoever is found by a value without case has it.
            Driver::EdgesTo { .. } => Some(only.is_some_and(|test| !test.path.leaf().case_exact)),
            Driver::EdgesFrom { .. } => Some(only.is_some()),
            _ => None,
        };
        let source = self.driven(plan.driver, target).await?;
        let is_all = source == Source::All;
        let exact = by_edges.unwrap_or(plan.exact);
        Ok((source, exact && (!is_all || filter.is_none_or(is_true))))
    }

    /// The plan with those indexes that hold every record.
    pub(super) async fn plan(&self, target: &Target) -> Result<Plan, Fault> {
        let (resource_type, filter) = (&target.resource_type, target.filter.as_deref());
        let plan = plan(resource_type, filter);
        if !plan.uses_indexes() {
            return Ok(plan);
        }
        let coverage = coverage(self.tx, self.scope, &Packed::of(target.kind.as_str()), resource_type).await?;
        Ok(if coverage.is_whole() { plan } else { plan_within(resource_type, filter, &coverage) })
    }

    /// Where a driver looks.
    async fn driven(&self, driver: Driver, target: &Target) -> Result<Source, Fault> {
        Ok(match driver {
            Driver::Nothing => Source::Nothing,
            Driver::Id(id) => Source::Id(Packed::key(&id)),
            Driver::Unique(value) => Source::Unique(Packed::key(&value)),
            Driver::ExternalId(value) => Source::ExternalId(Packed::key(&value)),
            Driver::SortName(value) => Source::SortName(Packed::key(&value)),
            Driver::Index { path, value, kind } => Source::Index {
                path: Packed::of(&path),
                value: Packed::key(&value),
                kind: kind.as_deref().map(Packed::of),
            },
            Driver::EdgesTo { relation, target: id } => Source::Rows(self.sources_of(&relation, &id, target).await?),
            Driver::EdgesFrom { relation, source } => self.targets_of(&relation, &source, target).await?,
            Driver::Range { of: Ordered::Index(path), from, to } => Source::Values {
                path: Packed::of(&path),
                from: from.as_deref().map(Packed::key),
                to: to.as_deref().map(Packed::key),
            },
            Driver::Range { of, from, to } => match column(&of) {
                Some(column) => Source::Column {
                    name: column,
                    from: from.map(|key| bound(&of, &key)).transpose()?,
                    to: to.map(|key| bound(&of, &key)).transpose()?,
                },
                None => Source::All,
            },
            Driver::Inactive => Source::Inactive,
            Driver::Containing(part) => self.containing(&part, target).await?,
            Driver::Any(drivers) => Box::pin(self.any(drivers, target)).await?,
            // A driver of a later version: all candidates are a superset of any.
            _ => Source::All,
        })
    }

    /// Records whose texts have a part; all there are when the index is of no help, or more have it than may be looked at.
    async fn containing(&self, part: &str, target: &Target) -> Result<Source, Fault> {
        if !self.parts || !has_trigrams(part) {
            return Ok(Source::All);
        }
        let left = self.budget.left();
        let rows = sql::all(
            self.tx,
            "SELECT p.id FROM part p WHERE p.scope = $1 AND p.kind = $2 AND p.text LIKE $3 LIMIT $4",
            &[
                &i64::from(self.scope.number()),
                &Packed::of(target.kind.as_str()),
                &pattern(part),
                &signed(self.budget.reach()),
            ],
        )
        .await?;
        self.budget.briefly(rows.len() as u64)?;
        if rows.len() as u64 > left {
            return Ok(Source::All);
        }
        let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<Packed>, _>>()?;
        Ok(Source::Rows(ids.into_iter().collect()))
    }

    /// What any of these finds, each once.
    async fn any(&self, drivers: Vec<Driver>, target: &Target) -> Result<Source, Fault> {
        let mut ids = BTreeSet::new();
        for driver in drivers {
            match self.driven(driver, target).await? {
                Source::Nothing => {}
                Source::All => return Ok(Source::All),
                source => {
                    let mut sql = Sql::default();
                    sql.push("SELECT r.id");
                    source.push_from(&mut sql, self.scope, &Packed::of(target.kind.as_str()));
                    sql.push(" LIMIT ").bind(signed(self.budget.reach()));
                    for row in sql.all(self.tx).await? {
                        ids.insert(row.try_get(0)?);
                    }
                }
            }
            self.budget.covers(ids.len() as u64, target)?;
        }
        Ok(Source::Rows(ids.into_iter().collect()))
    }

    /// Sources whose edges end at the record with this id, or are pending under it.
    async fn sources_of(&self, relation: &str, id: &str, target: &Target) -> Result<Vec<Packed>, Fault> {
        let scope = i64::from(self.scope.number());
        let kinds = kinds(self.tx, scope).await?;
        let (relation, skind) = (Packed::of(relation), Packed::of(target.kind.as_str()));
        let limit = signed(self.budget.reach());
        let mut rows = sql::all(
            self.tx,
            "SELECT sid FROM edge WHERE scope = $1 AND relation = $2 AND tkind = ANY($3) AND tid = $4 AND skind = $5 \
             AND NOT pending LIMIT $6",
            &[&scope, &relation, &kinds, &Packed::key(id), &skind, &limit],
        )
        .await?;
        rows.extend(
            sql::all(
                self.tx,
                "SELECT sid FROM waiting WHERE scope = $1 AND by = $2 AND name_key = $3 AND relation = $4 AND skind = $5 \
                 LIMIT $6",
                &[&scope, &BY_RAW, &Packed::key(&fold(id)), &relation, &skind, &limit],
            )
            .await?,
        );
        let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<Packed>, _>>()?;
        self.rows_of(ids, target)
    }

    /// Targets of edges that start at the record with this id, whatever its kind.
    async fn targets_of(&self, relation: &str, id: &str, target: &Target) -> Result<Source, Fault> {
        let scope = i64::from(self.scope.number());
        let (relation, tkind, source) = (Packed::of(relation), Packed::of(target.kind.as_str()), Packed::key(id));
        let of = kinds(self.tx, scope).await?;
        let rows = sql::all(
            self.tx,
            "SELECT k.kind FROM unnest($1::text[]) AS k(kind) WHERE EXISTS (SELECT 1 FROM edge e WHERE e.scope = $2 \
             AND e.relation = $3 AND e.skind = k.kind AND e.sid = $4 AND NOT e.pending AND e.tkind = $5)",
            &[&of, &scope, &relation, &source, &tkind],
        )
        .await?;
        let mut kinds = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Packed>, _>>()?;
        match (kinds.pop(), kinds.is_empty()) {
            (None, _) => Ok(Source::Nothing),
            (Some(kind), true) => Ok(Source::EdgesFrom { relation, kind, source }),
            (Some(kind), false) => {
                kinds.push(kind);
                let limit = signed(self.budget.reach());
                let rows = sql::all(
                    self.tx,
                    "SELECT DISTINCT tid FROM edge WHERE scope = $1 AND relation = $2 AND skind = ANY($3) AND sid = $4 \
                     AND NOT pending AND tkind = $5 LIMIT $6",
                    &[&scope, &relation, &kinds, &source, &tkind, &limit],
                )
                .await?;
                let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<Packed>, _>>()?;
                Ok(Source::Rows(self.rows_of(ids, target)?))
            }
        }
    }

    fn rows_of(&self, ids: BTreeSet<Packed>, target: &Target) -> Result<Vec<Packed>, Fault> {
        self.budget.covers(ids.len() as u64, target)?;
        Ok(ids.into_iter().collect())
    }
}

impl Source {
    /// `FROM … WHERE`, with the record as `r`.
    pub(super) fn push_from(&self, sql: &mut Sql, scope: Scope, kind: &Packed) {
        match self {
            Self::Index { .. } | Self::Values { .. } => {
                sql.push(" FROM (");
                self.push_counted(sql, scope, kind);
                sql.push(") a JOIN resource r ON r.id = a.id WHERE r.scope = ").bind(i64::from(scope.number()));
                sql.push(" AND r.kind = ").bind(kind);
            }
            Self::EdgesFrom { .. } => {
                sql.push(
                    " FROM edge e JOIN resource r ON r.scope = e.scope AND r.kind = e.tkind AND r.id = e.tid WHERE ",
                );
                self.push_edges(sql, scope, kind);
            }
            _ => {
                sql.push(" FROM resource r WHERE ");
                self.push_columns(sql, scope, kind);
            }
        }
    }

    /// A statement with one row for each candidate.
    pub(super) fn push_counted(&self, sql: &mut Sql, scope: Scope, kind: &Packed) {
        match self {
            Self::Index { path, value, kind: element } => {
                sql.push("SELECT DISTINCT id FROM av WHERE scope = ").bind(i64::from(scope.number()));
                sql.push(" AND kind = ").bind(kind).push(" AND path = ").bind(path);
                sql.push(" AND val = ").bind(value);
                if let Some(element) = element {
                    sql.push(" AND type = ").bind(element);
                }
            }
            Self::Values { path, from, to } => {
                sql.push("SELECT DISTINCT id FROM av WHERE scope = ").bind(i64::from(scope.number()));
                sql.push(" AND kind = ").bind(kind).push(" AND path = ").bind(path);
                if let Some(from) = from {
                    sql.push(" AND val >= ").bind(from);
                }
                if let Some(to) = to {
                    sql.push(" AND val < ").bind(to);
                }
            }
            Self::EdgesFrom { .. } => {
                sql.push("SELECT 1 FROM edge e WHERE ");
                self.push_edges(sql, scope, kind);
            }
            _ => {
                sql.push("SELECT 1 FROM resource r WHERE ");
                self.push_columns(sql, scope, kind);
            }
        }
    }

    fn push_edges(&self, sql: &mut Sql, scope: Scope, kind: &Packed) {
        if let Self::EdgesFrom { relation, kind: of, source } = self {
            sql.push("e.scope = ").bind(i64::from(scope.number())).push(" AND e.relation = ").bind(relation);
            sql.push(" AND e.skind = ").bind(of).push(" AND e.sid = ").bind(source);
            sql.push(" AND NOT e.pending AND e.tkind = ").bind(kind);
        }
    }

    fn push_columns(&self, sql: &mut Sql, scope: Scope, kind: &Packed) {
        sql.push("r.scope = ").bind(i64::from(scope.number())).push(" AND r.kind = ").bind(kind);
        match self {
            Self::Id(id) => sql.push(" AND r.id = ").bind(id),
            Self::Unique(value) => sql.push(" AND r.uniq_key = ").bind(value),
            Self::ExternalId(value) => sql.push(" AND r.external_key = ").bind(value),
            Self::SortName(value) => sql.push(" AND r.sort_name = ").bind(value),
            Self::Column { name, from, to } => {
                for (comparison, bound) in [(" >= ", from), (" < ", to)] {
                    if let Some(bound) = bound {
                        sql.push(" AND r.").push(name).push(comparison);
                        bound.push(sql);
                    }
                }
                sql
            }
            Self::Inactive => sql.push(" AND NOT r.active"),
            Self::Rows(ids) => sql.push(" AND r.id = ANY(").bind(ids.as_slice()).push(")"),
            _ => sql,
        };
    }
}

/// Whether a part has what the index knows in any locale: three letters or digits in a row.
fn has_trigrams(part: &str) -> bool {
    part.as_bytes().windows(3).any(|three| three.iter().all(u8::is_ascii_alphanumeric))
}

/// A part as `LIKE` looks for it.
fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for character in Packed::of(part).as_packed().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The column of an order, of those that are columns.
fn column(of: &Ordered) -> Option<&'static str> {
    match of {
        Ordered::Unique => Some("uniq_key"),
        Ordered::ExternalId => Some("external_key"),
        Ordered::SortName => Some("sort_name"),
        Ordered::Created => Some("created"),
        Ordered::Modified => Some("modified"),
        _ => None,
    }
}

/// A key as the column has it.
fn bound(of: &Ordered, key: &str) -> Result<Bound, Fault> {
    match of {
        Ordered::Created | Ordered::Modified => {
            Ok(Bound::Micros(instant_of(&Packed::of(key)).ok_or(Damaged("a time that is none"))?))
        }
        _ => Ok(Bound::Text(Packed::key(key))),
    }
}

/// Whether a filter says nothing: no conjuncts.
pub(super) fn is_true(filter: &Resolved) -> bool {
    matches!(filter, Resolved::And(all) if all.iter().all(is_true))
}

/// The test that is all a filter says, `eq`.
fn only_test(filter: &Resolved) -> Option<&Test> {
    match filter {
        Resolved::And(inner) | Resolved::Or(inner) => match inner.as_slice() {
            [only] => only_test(only),
            _ => None,
        },
        Resolved::Element(_, inner) => only_test(inner),
        Resolved::Test(test) => (test.operator == Some(Operator::Eq)).then_some(test),
        Resolved::Not(_) => None,
    }
}
