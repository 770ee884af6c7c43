//! The filter as it means something: every path resolved, every literal typed (RFC 7644 §3.4.2.2, RFC 7643 §2.3). What
//! it says of a document is in [`Resolved::matches`].
//!
//! ```
//! use scimstack_filter::{Filter, ResolveOptions};
//! use scimstack_schema::{Registry, Value};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let filter = Filter::parse(r#"emails[TYPE eq "WORK" and value ew "@x.test"]"#).unwrap();
//! let resolved = filter.resolve(user, ResolveOptions::default()).unwrap();
//!
//! let ann = Value::parse(br#"{"emails": [{"type": "work", "value": "Ann@X.test"}]}"#).unwrap();
//! assert!(resolved.matches(ann.as_object().unwrap()));
//! ```

use crate::ast::{AttrPath, Filter, Literal, Operator};
use crate::error::{ResolveError, shown};
use base64::Engine as _;
use scimstack_schema::fold::{exact, fold};
use scimstack_schema::{Attribute, Object, ResolvedPath, ResourceType, Timestamp, Type};
use std::sync::Arc;

/// A filter against a resource type. What evaluators, planners and PATCH work on.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved {
    /// All of them; none means true.
    And(Vec<Resolved>),
    /// Any of them; none means false.
    Or(Vec<Resolved>),
    /// Not that.
    Not(Box<Resolved>),
    /// One comparison or presence test.
    Test(Test),
    /// One element of a multi-valued attribute satisfies all of the inner filter, whose paths begin at the same
    /// attribute. A single-valued complex attribute counts as a list of one.
    ///
    /// The elements of a simple multi-valued attribute are compared themselves: inner paths have no sub-attribute.
    Element(ResolvedPath, Box<Resolved>),
}

/// A comparison of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The attribute. In a comparison, for a multi-valued complex attribute its `value` sub-attribute is already named;
    /// with `pr` the path is as written.
    pub path: ResolvedPath,
    /// The operator; `None` is `pr`.
    pub operator: Option<Operator>,
    /// The typed right side; [`Operand::None`] with `pr`.
    pub operand: Operand,
}

/// The right side of a comparison, in the attribute's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Nothing (`pr`).
    None,
    /// `null`: only with `eq` and `ne`, which mean not present and present.
    Null,
    /// A boolean.
    Bool(bool),
    /// An amount.
    Number(f64),
    /// Text, already folded by [`scimstack_schema::fold::fold`], or by `exact` when case matters.
    Text(String),
    /// An instant.
    Instant(Timestamp),
    /// Decoded base64.
    Bytes(Vec<u8>),
}

/// What resolution accepts beyond the letter. The default is the letter.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ResolveOptions {
    /// `"True"` and `"false"` for booleans.
    pub boolean_strings: bool,
    /// `emails[type eq "work"].value eq "x"` read as `emails[type eq "work" and value eq "x"]`, and a complex
    /// single-valued attribute with a `value` (`manager eq "x"`) read as its `value`.
    pub entra_paths: bool,
    /// An unknown attribute has no value instead of being an error (queries over several types).
    pub unknown_is_absent: bool,
}

impl ResolveOptions {
    /// Sets [`ResolveOptions::boolean_strings`].
    #[must_use]
    pub fn with_boolean_strings(mut self, on: bool) -> Self {
        self.boolean_strings = on;
        self
    }

    /// Sets [`ResolveOptions::entra_paths`].
    #[must_use]
    pub fn with_entra_paths(mut self, on: bool) -> Self {
        self.entra_paths = on;
        self
    }

    /// Sets [`ResolveOptions::unknown_is_absent`].
    #[must_use]
    pub fn with_unknown_is_absent(mut self, on: bool) -> Self {
        self.unknown_is_absent = on;
        self
    }
}

impl Filter {
    /// Resolves against a resource type.
    ///
    /// # Errors
    /// Attributes that do not exist or may not be searched, operators and literals that do not fit.
    pub fn resolve(&self, resource_type: &ResourceType, options: ResolveOptions) -> Result<Resolved, ResolveError> {
        Resolver { resource_type, options, element: None }.filter(self)
    }
}

impl Resolved {
    /// Whether a complete document (with `id`, `meta`, and `members` or `groups` where [`Resolved::mentions`] asks for
    /// them) satisfies the filter. Nothing is allocated unless text beyond ASCII is compared.
    #[must_use]
    pub fn matches(&self, document: &Object) -> bool {
        crate::eval::matches(self, document)
    }

    /// As [`Resolved::matches`], on the JSON text of the document: it is read in place, only as far as the filter needs,
    /// and no tree is built. Nothing is allocated unless text with escapes or beyond ASCII is compared.
    ///
    /// `json` is trusted to be a JSON object, as it was stored; of anything else the answer says nothing.
    ///
    /// ```
    /// use scimstack_filter::{Filter, ResolveOptions};
    /// use scimstack_schema::Registry;
    ///
    /// let registry = Registry::core();
    /// let user = registry.resource_type("User").unwrap();
    /// let filter = Filter::parse(r#"name.familyName sw "o'""#).unwrap().resolve(user, ResolveOptions::default()).unwrap();
    /// assert!(filter.matches_json(r#"{"userName":"ann","name":{"familyName":"O'Neill"}}"#));
    /// ```
    #[must_use]
    pub fn matches_json(&self, json: &str) -> bool {
        crate::eval::matches_json(self, json)
    }

    /// Whether any test concerns the top-level attribute `name` of the base schema.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        let names = |path: &ResolvedPath| path.extension.is_none() && path.attribute.name.eq_ignore_ascii_case(name);
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.mentions(name)),
            Self::Not(inner) => inner.mentions(name),
            Self::Test(test) => names(&test.path),
            Self::Element(path, inner) => names(path) || inner.mentions(name),
        }
    }

    /// The number of tests.
    pub(crate) fn terms(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::terms).sum(),
            Self::Not(inner) | Self::Element(_, inner) => inner.terms(),
            Self::Test(_) => 1,
        }
    }

    /// True always: the meaning of a test that every document passes.
    fn always() -> Self {
        Self::And(Vec::new())
    }

    /// False always.
    fn never() -> Self {
        Self::Or(Vec::new())
    }
}

/// Resolves the filter in the brackets after `path`, which names an attribute without a sub-attribute.
pub(crate) fn in_element(
    filter: &Filter,
    path: &ResolvedPath,
    resource_type: &ResourceType,
    options: ResolveOptions,
) -> Result<Resolved, ResolveError> {
    Resolver { resource_type, options, element: Some(path) }.filter(filter)
}

struct Resolver<'a> {
    resource_type: &'a ResourceType,
    options: ResolveOptions,
    /// Inside brackets: the attribute before them.
    element: Option<&'a ResolvedPath>,
}

impl Resolver<'_> {
    fn filter(&self, filter: &Filter) -> Result<Resolved, ResolveError> {
        let all = |parts: &[Filter]| parts.iter().map(|part| self.filter(part)).collect::<Result<Vec<_>, _>>();
        Ok(match filter {
            Filter::And(parts) => Resolved::And(all(parts)?),
            Filter::Or(parts) => Resolved::Or(all(parts)?),
            Filter::Not(inner) => Resolved::Not(Box::new(self.filter(inner)?)),
            Filter::Present(path) => self.test(path, None)?,
            Filter::Compare(path, operator, literal) => self.test(path, Some((*operator, literal)))?,
            Filter::Element(path, inner) => self.brackets(path, |inside| inside.filter(inner))?,
            Filter::ElementSub(sub) => {
                if !self.options.entra_paths {
                    return Err(ResolveError::Unsupported(format!(
                        "a filter has no sub-attribute after the brackets; write {}[{} and {} …]",
                        sub.path,
                        shown(&sub.filter.to_string()),
                        sub.sub_attribute
                    )));
                }
                self.brackets(&sub.path, |inside| {
                    let name = AttrPath::new(sub.sub_attribute.as_str());
                    let test =
                        inside.test(&name, sub.comparison.as_ref().map(|(operator, literal)| (*operator, literal)))?;
                    Ok(Resolved::And(vec![inside.filter(&sub.filter)?, test]))
                })?
            }
        })
    }

    fn brackets(
        &self,
        path: &AttrPath,
        inner: impl FnOnce(&Resolver<'_>) -> Result<Resolved, ResolveError>,
    ) -> Result<Resolved, ResolveError> {
        if self.element.is_some() {
            return Err(ResolveError::Unsupported(format!("\"{path}[…]\" stands inside brackets, which do not nest")));
        }
        let Some(resolved) = self.path(path)? else {
            return Ok(Resolved::never());
        };
        let leaf = resolved.leaf();
        if resolved.sub_attribute.is_some() || !(leaf.multi_valued || leaf.r#type == Type::Complex) {
            return Err(ResolveError::Unsupported(format!(
                "\"{path}\" has a single value; brackets go after a multi-valued attribute such as emails"
            )));
        }
        let inner =
            inner(&Resolver { resource_type: self.resource_type, options: self.options, element: Some(&resolved) })?;
        Ok(Resolved::Element(resolved, Box::new(inner)))
    }

    /// What a path names here; `None` when it names nothing and that is no error.
    fn path(&self, path: &AttrPath) -> Result<Option<ResolvedPath>, ResolveError> {
        let found = match self.element {
            None => self.resource_type.resolve(&path.text),
            Some(base) => {
                let simple = base.attribute.r#type != Type::Complex && path.text.eq_ignore_ascii_case("value");
                let sub_attribute = base.attribute.sub_attribute(&path.text).cloned();
                (simple || sub_attribute.is_some()).then(|| ResolvedPath {
                    extension: base.extension.clone(),
                    attribute: base.attribute.clone(),
                    sub_attribute,
                })
            }
        };
        match found {
            Some(found) if found.attribute.is_hidden() || found.leaf().is_hidden() => {
                Err(ResolveError::Hidden((&path.text).into()))
            }
            Some(found) => Ok(Some(found)),
            None if self.options.unknown_is_absent => Ok(None),
            None => Err(ResolveError::UnknownAttribute {
                path: self.element.map_or_else(|| (&path.text).into(), |base| format!("{base}.{path}")),
                resource_type: self.resource_type.name.to_string(),
            }),
        }
    }

    fn test(&self, path: &AttrPath, comparison: Option<(Operator, &Literal)>) -> Result<Resolved, ResolveError> {
        if let Some((operator, Literal::Null)) = comparison
            && !matches!(operator, Operator::Eq | Operator::Ne)
        {
            return Err(ResolveError::Unsupported(format!(
                "\"{} {operator} null\": null is compared with eq and ne only",
                shown(&path.text)
            )));
        }
        let Some(resolved) = self.path(path)? else {
            return Ok(match comparison {
                Some((Operator::Ne, literal)) if *literal != Literal::Null => Resolved::always(),
                Some((Operator::Eq, Literal::Null)) => Resolved::always(),
                _ => Resolved::never(),
            });
        };
        let Some((operator, literal)) = comparison else {
            return Ok(Resolved::Test(Test { path: resolved, operator: None, operand: Operand::None }));
        };
        let resolved = self.comparable(path, resolved)?;
        let operand = operand(path, resolved.leaf(), operator, literal, self.options)?;
        Ok(Resolved::Test(Test { path: resolved, operator: Some(operator), operand }))
    }

    /// The path that a comparison with `path` is about: a complex attribute is not comparable itself.
    fn comparable(&self, path: &AttrPath, mut resolved: ResolvedPath) -> Result<ResolvedPath, ResolveError> {
        if resolved.leaf().r#type != Type::Complex {
            return Ok(resolved);
        }
        let by_value = resolved.attribute.multi_valued || self.options.entra_paths;
        match resolved.attribute.sub_attribute("value") {
            Some(value) if by_value && value.is_hidden() => Err(ResolveError::Hidden((&path.text).into())),
            Some(value) if by_value => {
                resolved.sub_attribute = Some(value.clone());
                Ok(resolved)
            }
            _ => Err(ResolveError::Unsupported(format!(
                "\"{path}\" is complex and has no single value to compare; name a sub-attribute: {}",
                sub_attributes(&resolved.attribute, path)
            ))),
        }
    }
}

/// `name.givenName, name.familyName, …` as examples.
fn sub_attributes(attribute: &Attribute, path: &AttrPath) -> String {
    let first = attribute.sub_attributes.iter().filter(|sub| !sub.is_hidden()).take(3);
    let mut names: Vec<String> = first.map(|sub| format!("{path}.{}", sub.name)).collect();
    if attribute.sub_attributes.len() > names.len() {
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// The literal in the type of `attribute`, if the operator goes with that type.
fn operand(
    path: &AttrPath,
    attribute: &Arc<Attribute>,
    operator: Operator,
    literal: &Literal,
    options: ResolveOptions,
) -> Result<Operand, ResolveError> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let (kind, operators): (&str, &[Operator]) = match attribute.r#type {
        Type::String => ("text", &[Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le]),
        Type::Reference => ("a reference", &[Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le]),
        Type::Boolean => ("a boolean", &[Eq, Ne]),
        Type::Integer | Type::Decimal => ("a number", &[Eq, Ne, Gt, Ge, Lt, Le]),
        Type::DateTime => ("a date and time", &[Eq, Ne, Gt, Ge, Lt, Le]),
        Type::Binary => ("binary data", &[Eq, Ne]),
        Type::Complex => ("complex", &[]),
    };
    if !operators.contains(&operator) {
        let fitting: Vec<&str> = operators.iter().map(|operator| operator.as_str()).collect();
        return Err(ResolveError::Unsupported(format!(
            "\"{path}\" is {kind}, which {operator} does not go with; use {}",
            fitting.join(", ")
        )));
    }
    let wrong = |right: &str| {
        let literal = literal.to_string();
        let problem = format!("\"{path}\" is {kind} and cannot be compared with {}; {right}", shown(&literal));
        Err(ResolveError::Unsupported(problem))
    };
    match (attribute.r#type, literal) {
        (_, Literal::Null) => Ok(Operand::Null),
        (Type::Boolean, Literal::Bool(b)) => Ok(Operand::Bool(*b)),
        (Type::Boolean, Literal::String(text)) if options.boolean_strings && text.eq_ignore_ascii_case("true") => {
            Ok(Operand::Bool(true))
        }
        (Type::Boolean, Literal::String(text)) if options.boolean_strings && text.eq_ignore_ascii_case("false") => {
            Ok(Operand::Bool(false))
        }
        (Type::Boolean, _) => wrong("write true or false, without quotes"),
        (Type::Integer | Type::Decimal, Literal::Number(number)) => Ok(Operand::Number(number.as_f64())),
        (Type::Integer | Type::Decimal, _) => wrong("write a number, without quotes"),
        (Type::DateTime, Literal::String(text)) => match Timestamp::parse_date_time(text) {
            Some(instant) => Ok(Operand::Instant(instant)),
            None => wrong("write it as \"2026-03-01T10:00:00Z\""),
        },
        (Type::DateTime, _) => wrong("write it as \"2026-03-01T10:00:00Z\""),
        (Type::Binary, Literal::String(text)) => match decode_base64(text) {
            Some(bytes) => Ok(Operand::Bytes(bytes)),
            None => wrong("write it in base64, in double quotes"),
        },
        (_, Literal::String(text)) if attribute.case_exact => Ok(Operand::Text(exact(text).into_owned())),
        (_, Literal::String(text)) => Ok(Operand::Text(fold(text).into_owned())),
        _ => wrong("write text in double quotes"),
    }
}

/// Base64 in the standard or the URL-safe alphabet, with or without padding (RFC 7643 §2.3.6).
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::alphabet::{STANDARD, URL_SAFE};
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const ENGINES: [GeneralPurpose; 2] =
        [GeneralPurpose::new(&STANDARD, CONFIG), GeneralPurpose::new(&URL_SAFE, CONFIG)];
    ENGINES.iter().find_map(|engine| engine.decode(text).ok())
}
