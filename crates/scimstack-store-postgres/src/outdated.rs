//! Under which declarations the records of a kind were indexed, and those of another than a given one.

use crate::fault::Fault;
use crate::read::{columns, stored};
use crate::sql::{self, Sql, Transaction};
use crate::text::Packed;
use scimstack_schema::ResourceType;
use scimstack_store::plan::Coverage;
use scimstack_store::{Kind, ResourceId, Scope, Stored, Want};
use sha2::{Digest, Sha256};

/// The number a declaration is kept under.
pub(crate) fn declared(declaration: &str) -> i64 {
    let digest = Sha256::digest(declaration.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    number.cast_signed()
}

/// Which indexes of a resource type hold every record of a kind.
pub(crate) async fn coverage(
    tx: &Transaction<'_>,
    scope: Scope,
    kind: &Packed,
    resource_type: &ResourceType,
) -> Result<Coverage, Fault> {
    let rows = sql::all(
        tx,
        "SELECT declaration FROM kind_count WHERE scope = $1 AND kind = $2 AND declared <> $3 AND n > 0",
        &[&i64::from(scope.number()), kind, &declared(resource_type.index_declaration())],
    )
    .await?;
    let others = rows.iter().map(|row| Ok(row.try_get::<_, Packed>(0)?.open().into()));
    Ok(Coverage::of(resource_type, others.collect::<Result<Vec<_>, Fault>>()?))
}

pub(crate) async fn outdated(
    tx: &Transaction<'_>,
    scope: Scope,
    kind: &Kind,
    declaration: &str,
    after: Option<&ResourceId>,
    limit: u32,
) -> Result<Vec<Stored>, Fault> {
    let (number, name, own) = (i64::from(scope.number()), Packed::of(kind.as_str()), declared(declaration));
    let any = "SELECT 1 FROM kind_count WHERE scope = $1 AND kind = $2 AND declared <> $3 AND n > 0 LIMIT 1";
    if sql::first(tx, any, &[&number, &name, &own]).await?.is_none() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    sql.push("SELECT ").push(columns(Want::DOCUMENT, false)).push(" FROM resource WHERE scope = ").bind(number);
    sql.push(" AND kind = ").bind(&name).push(" AND declared <> ").bind(own);
    sql.push(" AND id > ").bind(Packed::of(after.map_or("", ResourceId::as_str)));
    sql.push(" ORDER BY id LIMIT ").bind(i64::from(limit));
    sql.all(tx).await?.iter().map(|row| stored(row, kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn a_declaration_has_its_number_on_every_machine() {
        // The beginnings of the SHA-256 of nothing and of "abc".
        assert_eq!(declared("").cast_unsigned(), 0xe3b0_c442_98fc_1c14);
        assert_eq!(declared("abc").cast_unsigned(), 0xba78_16bf_8f01_cfea);
    }
}
