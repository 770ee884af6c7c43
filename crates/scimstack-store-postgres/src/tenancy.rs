//! The rule that no statement leaves its tenant, as a check that every statement passes before it is prepared: each table
//! it names is held to one scope, and that scope is a value that is bound.
//!
//! The check reads the SQL this crate writes, no more: what it does not understand it refuses. A table is held when the
//! `WHERE` of its own select says `scope = $n`, or that its scope is that of a table that is held; a joined one also by
//! its `ON`. A row is inserted under a bound scope, and no `UPDATE` sets one. Conditions beside an `OR` hold nothing.
//!
//! Left out: that the value bound is the scope the caller asked for ([`crate::sql`] compares them).

use std::collections::BTreeSet;

/// The tables. Another name is refused, so that a new table is thought about here.
pub(crate) const TABLES: &[&str] =
    &["resource", "kind_count", "av", "uniq_val", "name", "edge", "waiting", "change", "idem", "feed_pruned", "part"];

/// The tables that may be read over all scopes, by a transaction that says so.
pub(crate) const OVER_ALL_SCOPES: &[(&str, &str)] = &[
    ("change", "the feed of all scopes is what a process follows that serves them all"),
    ("feed_pruned", "and it has to know whether something of any of them is gone"),
];

/// Which scopes a statement reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The parameters that are scopes, from 0.
    pub(crate) bound: BTreeSet<usize>,
    /// The tables it names without a scope.
    pub(crate) unbound: BTreeSet<&'static str>,
}

/// Why a statement is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    #[error("a statement names {0:?}, which is no table that is known")]
    UnknownTable(String),
    #[error("a statement inserts into {0} without a bound scope")]
    Insert(&'static str),
    #[error("a statement sets a scope")]
    SetsScope,
    #[error("a statement has what is not understood here: {0}")]
    NotUnderstood(&'static str),
}

/// Reads a statement.
pub(crate) fn reach(sql: &str) -> Result<Reach, Violation> {
    let tokens = tokens(sql)?;
    let mut rest = tokens.as_slice();
    let nodes = nodes(&mut rest, 0)?;
    let mut reach = Reach::default();
    block(&nodes, &Outer::default(), &mut reach)?;
    Ok(reach)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A keyword or name, in lower case.
    Word(String),
    /// The number of a parameter, from 1.
    Parameter(usize),
    /// A character of anything else.
    Symbol(char),
    /// A text or number.
    Literal,
}

fn tokens(sql: &str) -> Result<Vec<Token>, Violation> {
    let mut tokens = Vec::new();
    let mut characters = sql.chars().peekable();
    while let Some(first) = characters.next() {
        let mut whole = String::from(first);
        let mut take = |is_part: fn(char) -> bool| {
            while let Some(next) = characters.next_if(|next| is_part(*next)) {
                whole.push(next);
            }
            std::mem::take(&mut whole)
        };
        match first {
            _ if first.is_whitespace() => {}
            'a'..='z' | 'A'..='Z' | '_' => {
                tokens.push(Token::Word(take(|c| c.is_ascii_alphanumeric() || c == '_').to_ascii_lowercase()));
            }
            '$' => match take(|c| c.is_ascii_digit()).trim_start_matches('$').parse() {
                Ok(number) => tokens.push(Token::Parameter(number)),
                Err(_) => return Err(Violation::NotUnderstood("$ without a number")),
            },
            '0'..='9' => {
                take(|c| c.is_ascii_alphanumeric() || c == '.');
                tokens.push(Token::Literal);
            }
            '\'' => {
                // A doubled quote is read as two texts, which is all the same here.
                if !characters.any(|next| next == '\'') {
                    return Err(Violation::NotUnderstood("a text without end"));
                }
                tokens.push(Token::Literal);
            }
            '"' | '\\' | ';' => return Err(Violation::NotUnderstood("quoted names and several statements")),
            '-' | '/' if matches!(characters.peek(), Some('-' | '*')) => {
                return Err(Violation::NotUnderstood("comments"));
            }
            other => tokens.push(Token::Symbol(other)),
        }
    }
    Ok(tokens)
}

/// A token, or what is in a pair of parentheses.
#[derive(Debug)]
enum Node {
    One(Token),
    Group(Vec<Node>),
}

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

fn nodes(rest: &mut &[Token], depth: usize) -> Result<Vec<Node>, Violation> {
    let mut nodes = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        *rest = after;
        match first {
            Token::Symbol('(') if depth < DEEPEST => nodes.push(Node::Group(self::nodes(rest, depth + 1)?)),
            Token::Symbol(')') if depth > 0 => return Ok(nodes),
            Token::Symbol('(' | ')') => return Err(Violation::NotUnderstood("parentheses")),
            other => nodes.push(Node::One(other.clone())),
        }
    }
    match depth {
        0 => Ok(nodes),
        _ => Err(Violation::NotUnderstood("parentheses")),
    }
}

impl Node {
    fn word(&self) -> Option<&str> {
        match self {
            Self::One(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    fn is_symbol(&self, symbol: char) -> bool {
        matches!(self, Self::One(Token::Symbol(found)) if *found == symbol)
    }
}

/// What a nested select sees of those around it.
#[derive(Clone, Debug, Default)]
struct Outer {
    /// Names of `WITH`.
    with: Vec<String>,
    /// Aliases of tables that are held.
    held: Vec<String>,
}

/// A table that a select names.
#[derive(Debug)]
struct Table {
    table: &'static str,
    alias: String,
    held: bool,
}

/// `left.scope = right`, where it holds.
struct Condition {
    left: Option<String>,
    right: Right,
    /// `None` in `WHERE`; in `ON` the table that is joined.
    joined: Option<usize>,
}

enum Right {
    Parameter(usize),
    Table(String),
}

/// Words after a table's name that are not its alias.
const NO_ALIAS: &[&str] = &[
    "where",
    "join",
    "left",
    "inner",
    "cross",
    "on",
    "set",
    "order",
    "limit",
    "offset",
    "group",
    "values",
    "select",
    "for",
    "returning",
    "union",
    "using",
    "right",
    "full",
    "natural",
    "having",
    "window",
    "fetch",
    "default",
];

/// What may follow a condition that is true of every row.
const AFTER_CONDITION: &[&str] =
    &["and", "order", "limit", "offset", "for", "group", "returning", "where", "join", "left", "inner", "cross"];

fn block(nodes: &[Node], outer: &Outer, reach: &mut Reach) -> Result<(), Violation> {
    let mut outer = outer.clone();
    let nodes = match nodes.first() {
        Some(first) if first.is("with") => with(nodes.get(1..).unwrap_or_default(), &mut outer, reach)?,
        _ => nodes,
    };
    for part in nodes.split(|node| ["union", "intersect", "except"].iter().any(|word| node.is(word))) {
        let part = match part {
            [all, rest @ ..] if all.is("all") || all.is("distinct") => rest,
            part => part,
        };
        select(part, &outer, reach)?;
    }
    Ok(())
}

/// `name AS (…), …`; what comes after.
fn with<'n>(mut nodes: &'n [Node], outer: &mut Outer, reach: &mut Reach) -> Result<&'n [Node], Violation> {
    if let [first, rest @ ..] = nodes
        && first.is("recursive")
    {
        nodes = rest;
    }
    loop {
        let [Node::One(Token::Word(name)), rest @ ..] = nodes else {
            return Err(Violation::NotUnderstood("WITH"));
        };
        // Columns, AS, MATERIALIZED.
        let at = rest.iter().position(|node| node.is("as"));
        let body = at.and_then(|at| rest.get(at..)).unwrap_or_default();
        let at = body.iter().position(|node| matches!(node, Node::Group(_)));
        let Some([Node::Group(inner), after @ ..]) = at.and_then(|at| body.get(at..)) else {
            return Err(Violation::NotUnderstood("WITH"));
        };
        // Known to itself only when it is recursive; no table has such a name all the same.
        if TABLES.contains(&name.as_str()) {
            return Err(Violation::NotUnderstood("WITH that hides a table"));
        }
        outer.with.push(name.clone());
        block(inner, outer, reach)?;
        match after {
            [comma, after @ ..] if comma.is_symbol(',') => nodes = after,
            after => return Ok(after),
        }
    }
}

/// One `SELECT`, `INSERT`, `UPDATE` or `DELETE`, without its `UNION`s.
fn select(nodes: &[Node], outer: &Outer, reach: &mut Reach) -> Result<(), Violation> {
    if nodes.iter().any(|node| ["right", "full", "natural", "between", "case"].iter().any(|word| node.is(word))) {
        return Err(Violation::NotUnderstood("RIGHT, FULL or NATURAL joins, BETWEEN, CASE"));
    }
    let mut tables: Vec<Table> = Vec::new();
    let mut conditions: Vec<Condition> = Vec::new();
    let (mut is_set, mut is_conflict) = (false, false);
    // Where conditions are read: in `WHERE`, or in the `ON` of a table.
    let mut place: Option<Option<usize>> = None;
    let mut first_of_place = 0;
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        let before = at.checked_sub(1).and_then(|at| nodes.get(at));
        let is_after = |words: &[&str]| before.is_some_and(|node| words.iter().any(|word| node.is(word)));
        at += 1;
        match node.word() {
            Some("from") if !is_after(&["distinct"]) => {
                (place, is_set) = (None, false);
                at = relations(nodes, at, outer, &mut tables)?;
            }
            Some("join" | "using") => {
                place = None;
                at = relations(nodes, at, outer, &mut tables)?;
            }
            Some("update") if !is_after(&["for", "do"]) => at = relations(nodes, at, outer, &mut tables)?,
            Some("into") => at = insert(nodes, at, reach)?,
            Some("set") => is_set = true,
            // What an INSERT does instead is about its own row alone.
            Some("conflict") => (place, is_conflict) = (None, true),
            Some("where") if is_conflict => is_set = false,
            Some("where") => (place, first_of_place, is_set) = (Some(None), conditions.len(), false),
            Some("on") if !tables.is_empty() => {
                (place, first_of_place) = (Some(Some(tables.len() - 1)), conditions.len());
            }
            Some("or") if place.is_some() => {
                conditions.truncate(first_of_place);
                place = None;
            }
            Some("order" | "limit" | "offset" | "group" | "returning" | "having") => place = None,
            Some("scope") if is_set && nodes.get(at).is_some_and(|node| node.is_symbol('=')) => {
                return Err(Violation::SetsScope);
            }
            Some("scope") => {
                if let Some(joined) = place
                    && let Some((left, right)) = condition(nodes, at - 1)
                {
                    conditions.push(Condition { left, right, joined });
                }
            }
            _ => {}
        }
    }
    hold(&mut tables, &conditions, outer, reach);
    reach.unbound.extend(tables.iter().filter(|table| !table.held).map(|table| table.table));
    let mut inner = outer.clone();
    inner.held.extend(tables.iter().filter(|table| table.held).map(|table| table.alias.clone()));
    nested(nodes, &inner, reach)
}

/// The selects in parentheses, at any depth.
fn nested(nodes: &[Node], outer: &Outer, reach: &mut Reach) -> Result<(), Violation> {
    for node in nodes {
        let Node::Group(inner) = node else { continue };
        match inner.first().and_then(Node::word) {
            Some("select" | "with" | "insert" | "update" | "delete") => block(inner, outer, reach)?,
            _ if inner.iter().any(|node| node.is("from") || node.is("join")) => {
                return Err(Violation::NotUnderstood("a FROM in parentheses without SELECT"));
            }
            _ => nested(inner, outer, reach)?,
        }
    }
    Ok(())
}

/// The names of a `FROM`, `JOIN`, `USING` or `UPDATE`; where the next node is.
fn relations(nodes: &[Node], mut at: usize, outer: &Outer, tables: &mut Vec<Table>) -> Result<usize, Violation> {
    loop {
        while nodes.get(at).is_some_and(|node| node.is("only") || node.is("lateral")) {
            at += 1;
        }
        let name = match nodes.get(at) {
            Some(Node::One(Token::Word(name))) => Some(name),
            Some(Node::Group(_)) => None,
            _ => return Err(Violation::NotUnderstood("a FROM without a table")),
        };
        at += 1;
        let is_function = name.is_some() && matches!(nodes.get(at), Some(Node::Group(_)));
        if is_function {
            at += 1;
        }
        if nodes.get(at).is_some_and(|node| node.is("with")) {
            // `WITH ORDINALITY`
            at += 2;
        }
        if nodes.get(at).is_some_and(|node| node.is("as")) {
            at += 1;
        }
        let alias = nodes.get(at).and_then(Node::word).filter(|word| !NO_ALIAS.contains(word));
        if alias.is_some() {
            at += 1;
            // The columns of a function's or select's alias.
            if matches!(nodes.get(at), Some(Node::Group(_))) {
                at += 1;
            }
        }
        if let Some(name) = name
            && !is_function
            && !outer.with.contains(name)
        {
            let table = *table(name)?;
            tables.push(Table { table, alias: alias.unwrap_or(name).to_owned(), held: false });
        }
        match nodes.get(at) {
            Some(comma) if comma.is_symbol(',') => at += 1,
            _ => return Ok(at),
        }
    }
}

fn table(name: &str) -> Result<&'static &'static str, Violation> {
    TABLES.iter().find(|table| **table == name).ok_or_else(|| Violation::UnknownTable(name.to_owned()))
}

/// `table [AS alias] (columns) VALUES(…) | SELECT …`; where the next node is.
fn insert(nodes: &[Node], mut at: usize, reach: &mut Reach) -> Result<usize, Violation> {
    let name = nodes.get(at).and_then(Node::word).ok_or(Violation::NotUnderstood("INTO"))?;
    let table = *table(name)?;
    at += 1;
    if nodes.get(at).is_some_and(|node| node.is("as")) {
        at += 2;
    }
    let Some(Node::Group(columns)) = nodes.get(at) else { return Err(Violation::Insert(table)) };
    // The scope comes first, in columns and values: every key begins with it.
    if !columns.first().is_some_and(|first| first.is("scope")) {
        return Err(Violation::Insert(table));
    }
    at += 1;
    let mut scope = |values: &[Node]| match values {
        [Node::One(Token::Parameter(number))]
        | [Node::One(Token::Parameter(number)), Node::One(Token::Symbol(',')), ..] => {
            reach.bound.insert(number.saturating_sub(1));
            Ok(())
        }
        _ => Err(Violation::Insert(table)),
    };
    match nodes.get(at) {
        Some(node) if node.is("select") => scope(nodes.get(at + 1..).unwrap_or_default())?,
        Some(node) if node.is("values") => {
            let rows = nodes.get(at + 1..).unwrap_or_default();
            let rows = rows.iter().take_while(|node| matches!(node, Node::Group(_)) || node.is_symbol(','));
            for row in rows {
                if let Node::Group(values) = row {
                    scope(values)?;
                }
            }
        }
        _ => return Err(Violation::Insert(table)),
    }
    Ok(at)
}

/// The condition whose `scope` is at a place, when it is one that holds for every row.
fn condition(nodes: &[Node], scope: usize) -> Option<(Option<String>, Right)> {
    let dotted = scope.checked_sub(2).filter(|at| nodes.get(at + 1).is_some_and(|node| node.is_symbol('.')));
    let left = match dotted {
        Some(at) => Some(nodes.get(at)?.word()?.to_owned()),
        None => None,
    };
    let before = nodes.get(dotted.unwrap_or(scope).checked_sub(1)?)?;
    let rest = nodes.get(scope + 1..)?;
    let (right, after) = match rest {
        [equals, Node::One(Token::Parameter(number)), after @ ..] if equals.is_symbol('=') => {
            (Right::Parameter(*number), after)
        }
        [equals, Node::One(Token::Word(other)), dot, scope, after @ ..]
            if equals.is_symbol('=') && dot.is_symbol('.') && scope.is("scope") =>
        {
            (Right::Table(other.clone()), after)
        }
        _ => return None,
    };
    let is_whole = after.first().is_none_or(|node| AFTER_CONDITION.iter().any(|word| node.is(word)));
    let is_conjunct = ["where", "and", "on"].iter().any(|word| before.is(word));
    (is_whole && is_conjunct).then_some((left, right))
}

/// Finds the tables that conditions hold to a scope.
fn hold(tables: &mut [Table], conditions: &[Condition], outer: &Outer, reach: &mut Reach) {
    // Each round holds one table more, or is the last.
    for _ in 0..=tables.len() {
        for condition in conditions {
            let of_left = |(_, table): &(usize, &Table)| match &condition.left {
                Some(alias) => table.alias == *alias,
                None => true,
            };
            let left: Vec<usize> = tables.iter().enumerate().filter(of_left).map(|(at, _)| at).collect();
            // Without an alias, PostgreSQL would say that it is ambiguous.
            let &[left] = left.as_slice() else { continue };
            let is_here = |at: usize| condition.joined.is_none_or(|joined| joined == at);
            match &condition.right {
                Right::Parameter(number) if is_here(left) => {
                    reach.bound.insert(number.saturating_sub(1));
                    tables.iter_mut().skip(left).take(1).for_each(|table| table.held = true);
                }
                Right::Parameter(_) => {}
                Right::Table(other) => {
                    let right = tables.iter().position(|table| table.alias == *other);
                    let is_held = |at: usize| tables.get(at).is_some_and(|table| table.held);
                    let held = match right {
                        Some(right) if is_held(right) => Some(left),
                        Some(right) if is_held(left) => Some(right),
                        Some(_) => None,
                        None => outer.held.contains(other).then_some(left),
                    };
                    if let Some(held) = held.filter(|held| is_here(*held)) {
                        tables.iter_mut().skip(held).take(1).for_each(|table| table.held = true);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
