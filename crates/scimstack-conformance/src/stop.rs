//! How a check ends early: it failed, it does not apply, or it could not be tested.

/// Why a check has ended before its end.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// What was expected and what came.
    Failed(String),
    /// The server does not say that it has what the check is about.
    NotApplicable(String),
    /// Something before it did not work, or was not allowed.
    Untested(String),
}

pub(crate) type Result<T = ()> = std::result::Result<T, Stop>;

/// Ends the check as failed unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($said:tt)+) => {
        if !$condition {
            return Err($crate::stop::Stop::Failed(format!($($said)+)));
        }
    };
}

/// Ends the check as not applicable unless the condition holds.
macro_rules! applies {
    ($condition:expr, $($said:tt)+) => {
        if !$condition {
            return Err($crate::stop::Stop::NotApplicable(format!($($said)+)));
        }
    };
}

pub(crate) use {applies, ensure};

/// Takes what is there, or ends the check as not applicable.
pub(crate) trait OrNotApplicable<T> {
    fn or_not_applicable(self, why: &str) -> Result<T>;
}

impl<T> OrNotApplicable<T> for Option<T> {
    fn or_not_applicable(self, why: &str) -> Result<T> {
        self.ok_or_else(|| Stop::NotApplicable(why.to_owned()))
    }
}
