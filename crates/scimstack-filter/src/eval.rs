//! Evaluation of a resolved filter on a document (RFC 7644 §3.4.2.2): any value of a multi-valued attribute suffices,
//! `ne` is true of what has no value, `primary` that is missing is false. Documents are trees or JSON text: [`node`].

mod node;

use crate::ast::Operator;
use crate::resolve::{Operand, Resolved, Test, decode_base64};
use node::{Json, Kind, Node};
use scimstack_schema::fold::{exact, fold};
use scimstack_schema::value::MAX_DEPTH;
use scimstack_schema::{Attribute, Object, ResolvedPath, Timestamp, Type, Value};
use std::cmp::Ordering;

pub(crate) fn matches(filter: &Resolved, document: &Object) -> bool {
    evaluate::<&Object>(filter, Context::Document(document))
}

pub(crate) fn matches_json(filter: &Resolved, text: &str) -> bool {
    evaluate::<Json<'_>>(filter, Context::Document(Json::new(text)))
}

/// Whether one element of the attribute before the brackets satisfies what is in them.
pub(crate) fn matches_element(filter: &Resolved, element: &Value) -> bool {
    evaluate::<&Object>(filter, Context::Element(element))
}

/// A document, whose members are nodes.
trait Document<'a>: Copy {
    type Node: Node<'a>;

    fn member(self, name: &str) -> Option<Self::Node>;
}

impl<'a> Document<'a> for &'a Object {
    type Node = &'a Value;

    fn member(self, name: &str) -> Option<&'a Value> {
        self.get(name)
    }
}

impl<'a> Document<'a> for Json<'a> {
    type Node = Json<'a>;

    fn member(self, name: &str) -> Option<Json<'a>> {
        Node::member(self, name)
    }
}

/// What the paths of a filter begin at.
#[derive(Clone, Copy)]
enum Context<D, N> {
    Document(D),
    Element(N),
}

fn evaluate<'a, D: Document<'a> + 'a>(filter: &Resolved, context: Context<D, D::Node>) -> bool {
    match filter {
        Resolved::And(parts) => parts.iter().all(|part| evaluate(part, context)),
        Resolved::Or(parts) => parts.iter().any(|part| evaluate(part, context)),
        Resolved::Not(inner) => !evaluate(inner, context),
        Resolved::Test(test) => holds(test, context),
        Resolved::Element(path, inner) => elements(attribute_value(path, context))
            .filter(|element| is_present(*element))
            .any(|element| evaluate(inner, Context::<D, _>::Element(element))),
    }
}

fn holds<'a, D: Document<'a> + 'a>(test: &Test, context: Context<D, D::Node>) -> bool {
    let value = attribute_value(&test.path, context);
    let operator = match (test.operator, &test.operand) {
        (None, _) | (Some(Operator::Ne), Operand::Null) => return any_value(value, &test.path, is_present),
        (Some(_), Operand::Null) => return !any_value(value, &test.path, is_present),
        (Some(operator), _) => operator,
    };
    let leaf = test.path.leaf();
    if operator != Operator::Ne {
        let agrees = |kind: &Kind<'_>| compare(kind, operator, &test.operand, leaf);
        return any_value(value, &test.path, |value| agrees(&value.kind()))
            || says_nothing_of_primary(value, &test.path) && agrees(&Kind::Bool(false));
    }
    // One that is another, or none at all.
    let differs = |kind: &Kind<'_>| !compare(kind, Operator::Eq, &test.operand, leaf);
    let mut none = true;
    let other = |value: D::Node| {
        let assigned = is_assigned(value);
        none &= !assigned;
        assigned && differs(&value.kind())
    };
    if any_value(value, &test.path, other) {
        return true;
    }
    match says_nothing_of_primary(value, &test.path) {
        true => differs(&Kind::Bool(false)),
        false => none,
    }
}

/// The value of the attribute, whole; in brackets it is the one element.
fn attribute_value<'a, D: Document<'a> + 'a>(path: &ResolvedPath, context: Context<D, D::Node>) -> Option<D::Node> {
    match (context, &path.extension) {
        (Context::Element(element), _) => Some(element),
        (Context::Document(document), None) => document.member(&path.attribute.name),
        (Context::Document(document), Some(uri)) => document.member(uri.as_str())?.member(&path.attribute.name),
    }
}

/// A list's elements, a single value as a list of one.
fn elements<'a, N: Node<'a> + 'a>(value: Option<N>) -> impl Iterator<Item = N> {
    value.into_iter().flat_map(Node::elements)
}

/// Whether `wanted` is true of any single value that a test is about: of an element, or of a value of its sub-attribute.
fn any_value<'a, N: Node<'a> + 'a>(value: Option<N>, path: &ResolvedPath, mut wanted: impl FnMut(N) -> bool) -> bool {
    let Some(value) = value else { return false };
    match &path.sub_attribute {
        None => value.elements().any(wanted),
        Some(sub) => value.elements().any(|element| elements(element.member(&sub.name)).any(&mut wanted)),
    }
}

/// Whether the test is about `primary` and some element does not say whether it is: that counts as `false` (RFC 7643
/// §2.4).
fn says_nothing_of_primary<'a, N: Node<'a> + 'a>(value: Option<N>, path: &ResolvedPath) -> bool {
    let sub = path.sub_attribute.as_deref();
    let primary = path.attribute.multi_valued
        && sub.is_some_and(|sub| sub.r#type == Type::Boolean && sub.name.eq_ignore_ascii_case("primary"));
    primary && elements(value).any(|element| is_present(element) && !element.member("primary").is_some_and(is_assigned))
}

/// Neither `null` nor an empty list or object.
fn is_assigned<'a, N: Node<'a>>(value: N) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::List => value.elements().next().is_some(),
        Kind::Object => value.members().next().is_some(),
        _ => true,
    }
}

/// What `pr` asks: not empty, and in objects and lists something that is not (RFC 7644 Table 3).
fn is_present<'a, N: Node<'a>>(value: N) -> bool {
    holds_something(value, 0)
}

/// What lies deeper than any document goes is not looked for, so that no text exhausts the stack.
fn holds_something<'a, N: Node<'a>>(value: N, depth: usize) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Bool(_) | Kind::Number(_) => true,
        Kind::Text(text) => !text.is_empty(),
        Kind::List | Kind::Object if depth >= MAX_DEPTH => false,
        Kind::List => value.elements().any(|element| holds_something(element, depth + 1)),
        Kind::Object => value.members().any(|member| holds_something(member, depth + 1)),
    }
}

fn compare(value: &Kind<'_>, operator: Operator, operand: &Operand, attribute: &Attribute) -> bool {
    match (value, operand) {
        (Kind::Bool(left), Operand::Bool(right)) => by_order(left.cmp(right), operator),
        (Kind::Number(left), Operand::Number(right)) => {
            let left = left.parse().unwrap_or(f64::NAN);
            left.partial_cmp(right).is_some_and(|order| by_order(order, operator))
        }
        (Kind::Text(left), Operand::Instant(right)) => {
            Timestamp::parse_date_time(left).is_some_and(|left| by_order(left.cmp(right), operator))
        }
        (Kind::Text(left), Operand::Bytes(right)) => {
            decode_base64(left).is_some_and(|left| by_order(left.cmp(right), operator))
        }
        (Kind::Text(left), Operand::Text(right)) if attribute.case_exact => text(&exact(left), operator, right),
        (Kind::Text(left), Operand::Text(right)) if left.is_ascii() => {
            ascii(left.as_bytes(), operator, right.as_bytes())
        }
        (Kind::Text(left), Operand::Text(right)) => text(&fold(left), operator, right),
        _ => false,
    }
}

fn by_order(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

fn text(left: &str, operator: Operator, right: &str) -> bool {
    match operator {
        Operator::Co => left.contains(right),
        Operator::Sw => left.starts_with(right),
        Operator::Ew => left.ends_with(right),
        _ => by_order(left.cmp(right), operator),
    }
}

/// As [`text`] on the folded `left`, which is ASCII, without making it: `right` is folded already.
fn ascii(left: &[u8], operator: Operator, right: &[u8]) -> bool {
    match operator {
        Operator::Eq => left == right || left.eq_ignore_ascii_case(right),
        Operator::Co => right.is_empty() || left.windows(right.len()).any(|part| part.eq_ignore_ascii_case(right)),
        Operator::Sw => left.get(..right.len()).is_some_and(|part| part.eq_ignore_ascii_case(right)),
        Operator::Ew => left
            .len()
            .checked_sub(right.len())
            .and_then(|at| left.get(at..))
            .is_some_and(|part| part.eq_ignore_ascii_case(right)),
        _ => by_order(left.iter().map(u8::to_ascii_lowercase).cmp(right.iter().copied()), operator),
    }
}
