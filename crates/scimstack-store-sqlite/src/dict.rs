//! Names that occur over and over (kinds, paths, relations, topics, how references look) and the numbers they are kept
//! under. The table only grows, and later names have greater numbers; so whoever has all up to the greatest number in
//! sight has all of them, also those other processes made.

use crate::sql;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The number of a name.
pub(crate) type Num = i64;

/// What a name is the name of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Class {
    Kind = 1,
    Path = 2,
    Relation = 3,
    Topic = 4,
    /// How a reference finds its target: see [`crate::refs::Spec`].
    Spec = 5,
    /// What is indexed of a record: [`scimstack_store::Index::declaration`].
    Declaration = 6,
}

impl Class {
    const ALL: [Self; 6] = [Self::Kind, Self::Path, Self::Relation, Self::Topic, Self::Spec, Self::Declaration];
}

/// Every committed name that was seen so far. Shared by all connections of a store.
#[derive(Default)]
pub(crate) struct Dict {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    /// All names up to this number are here.
    up_to: Num,
    numbers: HashMap<Class, HashMap<Arc<str>, Num>>,
    names: HashMap<Num, (Class, Arc<str>)>,
}

impl Dict {
    /// Reads the names that were committed since the last time, by anybody.
    pub(crate) fn sync(&self, connection: &Connection) -> rusqlite::Result<()> {
        let newest: Option<Num> = sql::first(connection, "SELECT max(num) FROM dict", [], |row| row.get(0))?.flatten();
        let up_to = self.read().up_to;
        if newest.is_none_or(|newest| newest <= up_to) {
            return Ok(());
        }
        let new =
            sql::all(connection, "SELECT num, class, name FROM dict WHERE num > ?1 ORDER BY num", [up_to], |row| {
                Ok((row.get::<_, Num>(0)?, row.get::<_, i64>(1)?, row.get::<_, Arc<str>>(2)?))
            })?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (num, class, name) in new {
            known.up_to = known.up_to.max(num);
            if let Some(class) = Class::ALL.into_iter().find(|known| *known as i64 == class) {
                known.numbers.entry(class).or_default().insert(name.clone(), num);
                known.names.insert(num, (class, name));
            }
        }
        Ok(())
    }

    /// The number of a name; `None` when nothing committed has it.
    pub(crate) fn number(&self, connection: &Connection, class: Class, name: &str) -> rusqlite::Result<Option<Num>> {
        if let Some(num) = self.cached(class, name) {
            return Ok(Some(num));
        }
        self.sync(connection)?;
        Ok(self.cached(class, name))
    }

    /// The name of a number.
    pub(crate) fn name(&self, connection: &Connection, num: Num) -> rusqlite::Result<Option<Arc<str>>> {
        if let Some((_, name)) = self.read().names.get(&num) {
            return Ok(Some(name.clone()));
        }
        self.sync(connection)?;
        Ok(self.read().names.get(&num).map(|(_, name)| name.clone()))
    }

    /// All names of a class that the connection sees, and perhaps later ones.
    pub(crate) fn all(&self, connection: &Connection, class: Class) -> rusqlite::Result<Vec<(Num, Arc<str>)>> {
        self.sync(connection)?;
        let known = self.read();
        let numbers = known.numbers.get(&class);
        Ok(numbers.into_iter().flatten().map(|(name, num)| (*num, name.clone())).collect())
    }

    fn cached(&self, class: Class, name: &str) -> Option<Num> {
        self.read().numbers.get(&class)?.get(name).copied()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's view: the shared names and those of its open transaction, which nobody else may know yet.
pub(crate) struct Interning {
    shared: Arc<Dict>,
    new: Vec<(Class, Arc<str>, Num)>,
}

impl Interning {
    pub(crate) fn new(shared: Arc<Dict>) -> Self {
        Self { shared, new: Vec::new() }
    }

    /// To be called when a transaction has begun: what others committed is now known, and stays all there is.
    pub(crate) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.new.clear();
        self.shared.sync(connection)
    }

    /// A place to go back to.
    pub(crate) fn mark(&self) -> usize {
        self.new.len()
    }

    /// Forgets the names made since `mark`, because they were rolled back.
    pub(crate) fn roll_back(&mut self, mark: usize) {
        self.new.truncate(mark);
    }

    /// The number of a name, if it has one.
    pub(crate) fn known(&self, class: Class, name: &str) -> Option<Num> {
        self.shared.cached(class, name).or_else(|| {
            let made = self.new.iter().find(|(c, n, _)| *c == class && **n == *name);
            made.map(|(_, _, num)| *num)
        })
    }

    /// The number of a name, which gets one now if it has none.
    pub(crate) fn intern(&mut self, connection: &Connection, class: Class, name: &str) -> rusqlite::Result<Num> {
        if let Some(num) = self.known(class, name) {
            return Ok(num);
        }
        sql::run(connection, "INSERT INTO dict(class, name) VALUES(?1, ?2)", params![class as i64, name])?;
        let num = connection.last_insert_rowid();
        self.new.push((class, name.into(), num));
        Ok(num)
    }

    /// The name of a number.
    pub(crate) fn name(&self, num: Num) -> Option<Arc<str>> {
        let made = self.new.iter().find(|(_, _, n)| *n == num);
        made.map(|(_, name, _)| name.clone())
            .or_else(|| self.shared.read().names.get(&num).map(|(_, name)| name.clone()))
    }

    /// All names of a class.
    pub(crate) fn all(&self, class: Class) -> Vec<(Num, Arc<str>)> {
        let known = self.shared.read();
        let committed = known.numbers.get(&class).into_iter().flatten();
        let mut all: Vec<_> = committed.map(|(name, num)| (*num, name.clone())).collect();
        let new = self.new.iter().filter(|(c, _, _)| *c == class);
        all.extend(new.map(|(_, name, num)| (*num, name.clone())));
        all
    }
}
