//! The rows of `edge` and `waiting`: one at its place, those to be written, those to be deleted.
//! Left out: which these are ([`crate::refs`], [`super::edges`]).

use super::Work;
use super::log::column;
use crate::fault::Fault;
use crate::refs::{Link, Place, link_columns, packed, waits_for};
use crate::sql::{self, Message};
use crate::text::Packed;
use scimstack_store::Key;

impl Work<'_> {
    /// The edge at a place, if there is one.
    pub(crate) async fn link(
        &self,
        source: &Key,
        relation: &str,
        place: &Place,
        n: i64,
    ) -> Result<Option<Link>, Fault> {
        let (skind, sid) = packed(source);
        let relation = Packed::of(relation);
        let row = sql::first(
            self.tx,
            link_columns!(
                " FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND pending = $5 \
                 AND tkind = $6 AND tid = $7 AND n = $8"
            ),
            &[&self.scope, &skind, &sid, &relation, &place.pending, &place.kind, &place.id, &n],
        )
        .await?;
        row.as_ref().map(Link::read).transpose()
    }

    /// Writes edges that are not there yet, and under which names those wait that are pending.
    pub(crate) async fn insert_all(&self, links: &[(&Key, &str, &Link)]) -> Result<(), Fault> {
        if links.is_empty() {
            return Ok(());
        }
        edge_rows(self.scope, links).all(self.tx).await?;
        let pending = links.iter().filter(|(_, _, link)| link.target.is_none());
        let rows: Vec<_> = pending
            .map(|(source, relation, link)| (packed(source), Packed::of(relation), link.place(), *link))
            .collect();
        let mut names = Vec::new();
        for (source, relation, place, link) in &rows {
            names.extend(waits_for(link).into_iter().map(|name| (source, relation, place, link.n, name)));
        }
        if names.is_empty() {
            return Ok(());
        }
        sql::run(
            self.tx,
            "INSERT INTO waiting(scope, by, name_key, relation, skind, sid, raw_key, n) \
             SELECT $1, e.by, e.name_key, e.relation, e.skind, e.sid, e.raw_key, e.n \
             FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]) \
             AS e(by, name_key, relation, skind, sid, raw_key, n)",
            &[
                &self.scope,
                &column(&names, |(_, _, _, _, (by, _))| *by),
                &column(&names, |(_, _, _, _, (_, key))| key),
                &column(&names, |(_, relation, _, _, _)| *relation),
                &column(&names, |((kind, _), _, _, _, _)| kind),
                &column(&names, |((_, id), _, _, _, _)| id),
                &column(&names, |(_, _, place, _, _)| &place.id),
                &column(&names, |(_, _, _, n, _)| *n),
            ],
        )
        .await?;
        Ok(())
    }

    /// Deletes an edge with the names it waits for.
    pub(crate) async fn erase(&self, source: &Key, relation: &str, link: &Link) -> Result<(), Fault> {
        let place = link.place();
        let (skind, sid) = packed(source);
        let relation = Packed::of(relation);
        sql::run(
            self.tx,
            "DELETE FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND pending = $5 \
             AND tkind = $6 AND tid = $7 AND n = $8",
            &[&self.scope, &skind, &sid, &relation, &place.pending, &place.kind, &place.id, &link.n],
        )
        .await?;
        if place.pending {
            sql::run(
                self.tx,
                "DELETE FROM waiting WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND raw_key = $5 \
                 AND n = $6",
                &[&self.scope, &skind, &sid, &relation, &place.id, &link.n],
            )
            .await?;
        }
        Ok(())
    }
}

/// What writes edges that are not there yet.
pub(super) fn edge_rows<'l>(scope: i64, links: &[(&Key, &str, &'l Link)]) -> Message<'l> {
    let (kinds, ids): (Vec<Packed>, Vec<Packed>) = links.iter().map(|(source, _, _)| packed(source)).unzip();
    let (mut pending, mut tkinds, mut tids) = (Vec::new(), Vec::new(), Vec::new());
    for (_, _, link) in links {
        let place = link.place();
        pending.push(place.pending);
        tkinds.push(place.kind);
        tids.push(place.id);
    }
    let message = Message::new(
        "INSERT INTO edge(scope, skind, sid, relation, pending, tkind, tid, n, raw, raw_key, spec, data) \
         SELECT $1, e.skind, e.sid, e.relation, e.pending, e.tkind, e.tid, e.n, e.raw, e.raw_key, e.spec, e.data \
         FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::text[], $8::bigint[], \
         $9::text[], $10::text[], $11::text[], $12::bytea[]) \
         AS e(skind, sid, relation, pending, tkind, tid, n, raw, raw_key, spec, data)",
    );
    message
        .bind(scope)
        .bind(kinds)
        .bind(ids)
        .bind(column(links, |(_, relation, _)| Packed::of(relation)))
        .bind(pending)
        .bind(tkinds)
        .bind(tids)
        .bind(column(links, |(_, _, link)| link.n))
        .bind(column(links, |(_, _, link)| Packed::of(&link.raw)))
        .bind(column(links, |(_, _, link)| Packed::key(&link.raw)))
        .bind(column(links, |(_, _, link)| Packed::of(&link.spec.encode())))
        .bind(column(links, |(_, _, link)| link.data.as_slice()))
}
