//! A progress bar on the standard error stream, when that is a terminal; nothing otherwise.

use indicatif::{ProgressBar, ProgressStyle};

/// How far something long has come.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for so many things of a kind; for an unknown number, a counter.
    pub(crate) fn new(total: Option<u64>, what: &'static str) -> Self {
        // A stream that is no terminal gets nothing.
        let progress = Self(ProgressBar::no_length());
        progress.style("{spinner} {pos} {msg}");
        progress.0.set_message(what);
        if let Some(total) = total {
            progress.length(total);
        }
        progress
    }

    /// Makes a bar of it, now that it is known how many there will be.
    pub(crate) fn length(&self, total: u64) {
        if self.0.length().is_none() {
            self.style("{bar:40} {pos}/{len} {msg} {eta}");
        }
        self.0.set_length(total);
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    pub(crate) fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.inc(more);
    }

    /// Says something beside the bar, on the standard error stream.
    pub(crate) fn say(&self, text: &str) {
        self.0.suspend(|| eprintln!("{text}"));
    }

    /// Does something that prints, with the bar out of its way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }

    pub(crate) fn message(&self, text: String) {
        self.0.set_message(text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
