//! What the derives refuse, and what they say: each file in `ui` has the compiler's words beside it, at the line that is
//! wrong. The words are those of the compiler that CI has; `TRYBUILD=overwrite` writes them anew.

#[test]
fn mistakes_are_compile_errors_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
