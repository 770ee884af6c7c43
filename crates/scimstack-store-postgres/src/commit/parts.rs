//! Under which declaration a record is indexed, how many are, and the texts it is found by parts of.

use super::create::New;
use super::log::column;
use super::{Current, Work};
use crate::fault::{Fault, both_of};
use crate::outdated::declared;
use crate::refs::packed;
use crate::sql;
use crate::text::Packed;
use scimstack_store::{Index, Key};
use std::collections::BTreeMap;

/// The texts of a record in lines; `None` for none.
pub(super) fn text(index: &Index) -> Option<Packed> {
    (!index.texts.is_empty()).then(|| Packed::of(&index.texts.join("\n")))
}

impl Work<'_> {
    /// What is to be written of new records, all of one kind.
    pub(super) async fn enter(&self, new: &[New<'_>]) -> Result<(), Fault> {
        both_of(tokio::join!(self.count_all(new), self.put_texts(new)))?;
        Ok(())
    }

    async fn count_all(&self, new: &[New<'_>]) -> Result<(), Fault> {
        let mut counts: BTreeMap<&str, (&Key, i64)> = BTreeMap::new();
        for New { key, record } in new {
            counts.entry(&record.index.declaration).or_insert((*key, 0)).1 += 1;
        }
        for (declaration, (key, by)) in counts {
            self.count(key, declaration, by).await?;
        }
        Ok(())
    }

    async fn put_texts(&self, new: &[New<'_>]) -> Result<(), Fault> {
        let texts = new.iter().filter_map(|new| Some((packed(new.key), text(&new.record.index)?)));
        let texts: Vec<((Packed, Packed), Packed)> = texts.collect();
        if texts.is_empty() {
            return Ok(());
        }
        sql::run(
            self.tx,
            "INSERT INTO part(scope, kind, id, text) SELECT $1, e.kind, e.id, e.text \
             FROM unnest($2::text[], $3::text[], $4::text[]) AS e(kind, id, text) ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &column(&texts, |((kind, _), _)| kind),
                &column(&texts, |((_, id), _)| id),
                &column(&texts, |(_, text)| text),
            ],
        )
        .await?;
        Ok(())
    }

    /// What is to be written when a record is indexed as `after` says, or is gone.
    pub(super) async fn alter(&self, key: &Key, before: &Current, after: Option<&Index>) -> Result<(), Fault> {
        if after.map(|index| declared(&index.declaration)) != Some(before.declared) {
            self.count_as(key, before.declared, "", -1).await?;
            if let Some(index) = after {
                self.count(key, &index.declaration, 1).await?;
            }
        }
        self.put_text(key, after.and_then(text)).await
    }

    async fn count(&self, key: &Key, declaration: &str, by: i64) -> Result<(), Fault> {
        self.count_as(key, declared(declaration), declaration, by).await
    }

    async fn count_as(&self, key: &Key, declared: i64, declaration: &str, by: i64) -> Result<(), Fault> {
        sql::run(
            self.tx,
            "INSERT INTO kind_count AS k(scope, kind, declared, declaration, n) VALUES($1, $2, $3, $4, $5) \
             ON CONFLICT(scope, kind, declared) DO UPDATE SET n = k.n + excluded.n",
            &[&self.scope, &Packed::of(key.kind.as_str()), &declared, &Packed::of(declaration), &by],
        )
        .await?;
        Ok(())
    }

    async fn put_text(&self, key: &Key, after: Option<Packed>) -> Result<(), Fault> {
        let (kind, id) = packed(key);
        match after {
            Some(text) => {
                let statement = "INSERT INTO part(scope, kind, id, text) VALUES($1, $2, $3, $4) \
                                 ON CONFLICT(scope, kind, id) DO UPDATE SET text = excluded.text \
                                 WHERE part.text <> excluded.text";
                sql::run(self.tx, statement, &[&self.scope, &kind, &id, &text]).await?
            }
            None => {
                let statement = "DELETE FROM part WHERE scope = $1 AND kind = $2 AND id = $3";
                sql::run(self.tx, statement, &[&self.scope, &kind, &id]).await?
            }
        };
        Ok(())
    }
}
