//! What the demo says: a line for each step, with a bar while it runs when someone watches; then figures, and where to
//! look.

use super::figures::Figures;
use crate::commands::print;
use crate::serve::{FIRST_ADMINISTRATOR, FIRST_TENANT, Running};
use idp_simulator::{Profile, Progress, Report, Step};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The bar's length, in characters.
const BAR: usize = 30;

/// Progress on standard output.
pub(super) struct Terminal {
    is_watched: bool,
    steps: Vec<Step>,
    step: Option<Current>,
}

/// The step that runs.
struct Current {
    step: Step,
    things: usize,
    done: usize,
    begun: Instant,
}

impl Terminal {
    pub(super) fn new(steps: &[Step]) -> Self {
        Self { is_watched: std::io::stdout().is_terminal(), steps: steps.to_vec(), step: None }
    }

    /// Shows what happens.
    pub(super) fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Begun(step, things) => {
                self.step = Some(Current { step, things, done: 0, begun: Instant::now() });
                self.bar();
            }
            Progress::Done(_) => {
                if let Some(current) = &mut self.step {
                    current.done += 1;
                    if current.done == current.things {
                        self.end();
                        return;
                    }
                }
                self.bar();
            }
            Progress::Failed(why) => {
                self.clear();
                print(&format!("  failed: {why}"));
                self.bar();
            }
            _ => {}
        }
    }

    fn end(&mut self) {
        self.clear();
        if let Some(current) = self.step.take() {
            print(&line(&self.steps, current.step, current.things, current.begun.elapsed()));
        }
    }

    /// Draws the bar over itself. A terminal that is gone is no reason to stop.
    fn bar(&self) {
        if let (true, Some(current)) = (self.is_watched, &self.step) {
            let mut out = std::io::stdout().lock();
            let _ = write!(out, "\r{}", bar(&self.steps, current.step, current.done, current.things));
            let _ = out.flush();
        }
    }

    fn clear(&self) {
        if self.is_watched {
            let _ = write!(std::io::stdout().lock(), "\r\x1b[2K");
        }
    }
}

fn number(steps: &[Step], step: Step) -> String {
    let place = steps.iter().position(|one| *one == step).map_or(0, |place| place + 1);
    format!("{place}/{}", steps.len())
}

fn bar(steps: &[Step], step: Step, done: usize, things: usize) -> String {
    let full = (done * BAR).checked_div(things).unwrap_or(BAR).min(BAR);
    format!("{} [{}{}] {done}/{things} {}", number(steps, step), "#".repeat(full), "-".repeat(BAR - full), step.title())
}

fn line(steps: &[Step], step: Step, things: usize, took: Duration) -> String {
    let count = if things > 1 { format!(" ({things})") } else { String::new() };
    format!("{} {}{count}: {} ms", number(steps, step), step.title(), took.as_millis())
}

/// How the provider did.
pub(super) fn provisioned(profile: Profile, report: &Report, took: Duration) {
    print(&format!(
        "a simulated provider ({profile}) sent {} requests in {:.1} s: {} people created ({} before their manager), {} updated, {} \
         deactivated, {} brought back",
        report.requests,
        took.as_secs_f64(),
        report.created,
        report.before_manager,
        report.updated,
        report.deactivated,
        report.reactivated
    ));
}

/// What is in the directory now.
pub(super) fn summary(figures: &Figures) {
    print(&format!(
        "people               {}: {} active, {} unclaimed, {} deactivated",
        figures.people(),
        figures.active,
        figures.unclaimed,
        figures.deactivated
    ));
    print(&format!(
        "manager resolved     {} of {} who name one",
        figures.managers_resolved,
        figures.managers_resolved + figures.managers_pending
    ));
    print(&format!("org chart            {} levels", figures.levels));
    print(&format!("groups               {} with {} memberships", figures.groups, figures.memberships));
    print(&format!("provisioning errors  {}", figures.errors));
}

/// Where to look.
pub(super) fn where_to_look(running: &Running, token: &str) {
    let (origin, base) = (running.state.origin(), running.state.scim_base_url(FIRST_TENANT));
    print(&format!("Admin Console        {origin}/console"));
    print(&format!("org chart            {origin}/console/{FIRST_TENANT}/org-chart"));
    match &running.first_start {
        Some(first) => {
            print(&format!("administrator        {FIRST_ADMINISTRATOR}"));
            print(&format!("password             {}", first.password));
        }
        None => print(&format!("administrator        {FIRST_ADMINISTRATOR}, with the password that was set earlier")),
    }
    print(&format!("SCIM base URL        {base}"));
    print(&format!("bearer token         {token}"));
    print(&format!("try                  curl -H 'Authorization: Bearer {token}' '{base}/Users?count=2'"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn okta() -> Vec<Step> {
        Step::of(Profile::OktaAppWizard)
    }

    #[test]
    fn a_bar_grows_with_what_is_done() {
        assert_eq!(
            bar(&okta(), Step::Create, 30, 60),
            "2/8 [###############---------------] 30/60 create people, in random order"
        );
        assert!(bar(&okta(), Step::Verify, 0, 0).starts_with("8/8 [##############################] 0/0"));
    }

    #[test]
    fn a_line_says_how_much_and_how_long() {
        let took = Duration::from_millis(1_234);
        assert_eq!(line(&okta(), Step::PushGroups, 8, took), "3/8 push groups (8): 1234 ms");
        assert_eq!(line(&okta(), Step::TestConnector, 1, took), "1/8 test the connector: 1234 ms");
    }
}
