//! `scim sync`: a whole directory from a table of people and one of groups. First it is planned, and the plan shown; then,
//! when it is not too much and nobody objects, it is carried out.

mod csv;
mod execute;
mod journal;
mod look;
mod report;
mod source;

use crate::connection::Connection;
use crate::document::read;
use crate::failure::{Failure, Result, usage};
use crate::output::{Format, Output, confirmed};
use clap::{Args, ValueEnum};
use journal::{FileJournal, Nothing};
use look::Side;
use scimstack_client::connector::sync::Journal;
use scimstack_client::{Capabilities, Timer as _, TokioTimer};
use scimstack_provisioning::sync::{
    Brake, Checked, Ledger, Limit, Mapping, MembersShown, Missing, Part, Patience, PlanOptions, TargetProfile, Write,
};
use scimstack_schema::Timestamp;
use source::{Kind, Source};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Brings a whole directory to what a table of people, and one of groups, says
///
/// Nobody who is not in the table is touched unless --missing says so, and a plan that changes too much is not carried out.
#[derive(Args, Debug)]
pub(crate) struct Sync {
    /// The people: a .csv or .jsonl file
    #[arg(long, value_name = "FILE", required_unless_present = "groups")]
    source: Option<PathBuf>,
    /// The groups; rows that differ in their member alone are one group
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Which field becomes which attribute, in JSON or TOML; without it, each goes to the attribute of its name
    #[arg(long, value_name = "FILE")]
    map: Option<String>,
    /// How the tables are written, when their names do not say
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// What stands between the fields of CSV
    #[arg(long, value_name = "CHARACTER", default_value = ",")]
    delimiter: char,
    /// Shows the plan, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Shows what the target has that differs, and on which side it changed, and changes nothing
    #[arg(long, conflicts_with = "dry_run")]
    drift: bool,
    /// Does not ask
    #[arg(long, short = 'y')]
    yes: bool,
    /// The most that may be deactivated or deleted, changed, or taken out of groups: a number, a share such as 20%, or never
    /// to stop [default: 20% removed, 50% changed]
    #[arg(long, value_name = "N|N%")]
    stop_at: Option<Limit>,
    /// What becomes of people and groups that are in no row
    #[arg(long, value_enum, default_value_t = Absent::Leave)]
    missing: Absent,
    /// Only people that this filter selects at the target are looked at, and can be missing
    #[arg(long, value_name = "FILTER")]
    scope: Option<String>,
    /// Takes over who is found by a weaker attribute, such as userName, and has another value of a surer one
    #[arg(long)]
    relink: bool,
    /// Makes people who are inactive from the beginning, too
    #[arg(long)]
    create_inactive: bool,
    /// Where it is written down what was sent: with it, a run that was cut off goes on, and what fails is set aside
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// What the target can take, by its product; okta and entra behave as these do themselves
    #[arg(long, value_parser = TargetProfile::NAMES, default_value = "generic")]
    profile: String,
    /// Requests at a time [default: the profile's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: Option<u16>,
    /// Requests a minute [default: the profile's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: Option<u32>,
    /// Members that come or go in one request [default: the profile's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    members_per_request: Option<u32>,
    /// Changes by PUT of the whole, for targets that claim to know PATCH
    #[arg(long)]
    put: bool,
    /// Tries again what is set aside, whether its time has come or not
    #[arg(long, requires = "journal")]
    retry_aside: bool,
    /// Changes that are shown in a table; JSON has them all
    #[arg(long, value_name = "N", default_value_t = 50)]
    show: usize,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
    #[command(flatten)]
    output: Output,
}

/// What becomes of whoever is in no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Absent {
    /// Nothing
    Leave,
    /// People are deactivated
    Deactivate,
    /// They are deleted
    Delete,
}

/// A clock for machines that have none.
fn now() -> Timestamp {
    let since = TokioTimer.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

impl Sync {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        let format = if self.json { Format::Json } else { self.output.output };
        let client = connection.client()?;
        let capabilities = client.discover().await?;
        let profile = self.profile(connection, &capabilities)?;
        let (mut journal, mut ledger) = self.journal()?;
        if self.retry_aside {
            ledger.release();
        }
        let (people, groups) = self.sides(&capabilities)?;

        let moves = groups.as_ref().is_some_and(|side| side.checked.has_members());
        if moves && profile.members == MembersShown::Never && self.journal.is_none() {
            eprintln!("scim: the target shows no members of groups: without --journal nobody is taken out of one");
        }
        let options = self.options(&profile);
        let people = match people {
            Some(side) => Some(look::people(&client, &profile, side, options, self.scope.as_deref()).await?),
            None => None,
        };
        let links = people.as_ref().map(|people| people.plan.links());
        let groups = match groups {
            Some(side) => Some(look::groups(&client, &profile, side, options, links.as_ref(), &ledger).await?),
            None => None,
        };
        let planned: Vec<&look::Planned> = people.iter().chain(&groups).collect();
        if self.drift {
            return report::drift(&planned, &ledger, format);
        }
        // Of a run that goes on, one document is printed at its end.
        if self.dry_run || format == Format::Table {
            report::plan(&planned, format, self.show)?;
        }
        report::notes(&planned);
        self.brake(&planned)?;
        if self.dry_run {
            return Ok(());
        }
        let sum = if planned.iter().all(|planned| planned.plan.is_empty()) {
            execute::Sum::default()
        } else {
            if !self.yes && !confirmed(&format!("Do this at {}?", client.base_url()))? {
                return Err(usage("nothing was changed"));
            }
            let hasty = connection.hasty_client()?;
            let ledger = Arc::new(ledger);
            let (links, now) = (links, ledger.clone());
            let mut sum =
                execute::all(&hasty, &profile, people.as_ref(), groups.as_ref(), links, now, &mut *journal).await?;
            // Whoever was just made can be named now.
            if let Some(people) = people.as_ref().filter(|people| people.plan.counts().waiting > 0 && sum.made()) {
                let (source, checked) = (people.source.clone(), people.plan.checked().clone());
                let options = options.with_missing(Missing::Leave);
                let scope = self.scope.as_deref();
                let again = look::people(&client, &profile, Side { source, checked }, options, scope).await?;
                let again = execute::all(&hasty, &profile, Some(&again), None, None, ledger, &mut *journal).await?;
                sum.add(again);
            }
            sum
        };
        report::ended(&sum, &planned, format)?;
        let undecided: u64 = planned.iter().map(|planned| planned.plan.counts().notes).sum();
        match (sum.aside, undecided) {
            (0, 0) => Ok(()),
            (0, notes) => Err(Failure::Partly(format!("{notes} things are left to you"))),
            (aside, notes) => Err(Failure::Partly(format!("{aside} were set aside, {notes} things are left to you"))),
        }
    }

    fn profile(&self, connection: &Connection, capabilities: &Capabilities) -> Result<TargetProfile> {
        let profile = TargetProfile::named(&self.profile).ok_or_else(|| usage("there is no such profile"))?;
        let mut profile = profile.within(capabilities.patch, capabilities.filter, capabilities.etag);
        profile.page = capabilities.page_size(Some(profile.page));
        if let Some(requests) = self.concurrency {
            profile = profile.with_concurrency(usize::from(requests));
        }
        if let Some(requests) = self.per_minute {
            let burst = profile.burst;
            profile = profile.with_per_minute(requests, burst);
        }
        if let Some(members) = self.members_per_request.and_then(|members| usize::try_from(members).ok()) {
            profile = profile.with_members_per_request(members);
        }
        if self.put {
            profile = profile.with_write(Write::Put);
        }
        if let Some(retries) = connection.told_retries() {
            let patience: Patience = profile.patience.clone();
            profile = profile.with_patience(patience.with_attempts(retries.saturating_add(1)));
        }
        Ok(profile)
    }

    fn options(&self, profile: &TargetProfile) -> PlanOptions {
        let missing = match self.missing {
            Absent::Leave => Missing::Leave,
            Absent::Deactivate => Missing::Deactivate,
            Absent::Delete if !profile.deletes => Missing::Deactivate,
            Absent::Delete => Missing::Delete,
        };
        let options = PlanOptions::default().with_missing(missing).with_relink(self.relink);
        options.with_create_inactive(self.create_inactive)
    }

    fn journal(&self) -> Result<(Box<dyn Journal>, Ledger)> {
        let Some(path) = self.journal.as_ref().filter(|path| path.exists() || !(self.dry_run || self.drift)) else {
            return Ok((Box::new(Nothing), Ledger::default()));
        };
        let (journal, ledger) = FileJournal::open(path, now())?;
        Ok((Box::new(journal), ledger))
    }

    /// The tables, each with its mapping held against the target's schemas.
    fn sides(&self, capabilities: &Capabilities) -> Result<(Option<Side>, Option<Side>)> {
        let mapping = self.map.as_deref().map(mapping).transpose()?;
        let people = match &self.source {
            Some(path) => {
                let part = mapping.as_ref().map(|mapping| mapping.people.as_ref().ok_or("people"));
                Some(self.side(path, part, "/Users", &["externalId", "userName"], capabilities)?)
            }
            None => None,
        };
        let groups = match &self.groups {
            Some(path) => {
                let part = mapping.as_ref().map(|mapping| mapping.groups.as_ref().ok_or("groups"));
                Some(self.side(path, part, "/Groups", &["externalId", "displayName"], capabilities)?)
            }
            None => None,
        };
        if people.is_none() && groups.as_ref().is_some_and(|side| side.checked.has_members()) {
            return Err(usage("who belongs to a group is said by people: give --source, too"));
        }
        Ok((people, groups))
    }

    fn side(
        &self,
        path: &std::path::Path,
        part: Option<std::result::Result<&Part, &str>>,
        endpoint: &str,
        usual: &[&str],
        capabilities: &Capabilities,
    ) -> Result<Side> {
        let mut source = Source::new(path, self.format, self.delimiter)?;
        let part = match part {
            Some(Ok(part)) => part.clone(),
            Some(Err(name)) => return Err(usage(format!("the mapping says nothing of {name}"))),
            None => source.own_part(usual)?,
        };
        let Some(resource_type) = capabilities.resource_type(endpoint) else {
            return Err(usage(format!("the target has nothing at {endpoint}")));
        };
        let checked = Checked::new(&part, &resource_type).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
            let from = self.map.as_deref().map_or_else(|| source.name(), str::to_owned);
            usage(format!("{from} does not fit {endpoint} of the target:{}", lines.concat()))
        })?;
        Ok(Side { source: source.with_part(&part)?, checked: Arc::new(checked) })
    }

    fn brake(&self, planned: &[&look::Planned]) -> Result {
        let brake = match self.stop_at {
            Some(limit) => Brake::default().with_all(limit),
            None => Brake::default(),
        };
        for planned in planned {
            if let Err(stopped) = brake.check(&planned.plan.counts()) {
                let kind = planned.kind();
                let text =
                    format!("{kind}: {stopped}; nothing was changed. If it is meant, give --stop-at {}", stopped.count);
                return Err(Failure::No(text));
            }
        }
        Ok(())
    }
}

/// Whether groups show their members in lists.
fn are_listed(profile: &TargetProfile) -> bool {
    profile.members == MembersShown::Listed
}

/// The mapping of a file, in TOML when it is called so.
fn mapping(path: &str) -> Result<Mapping> {
    let text = read(path)?;
    if path.to_ascii_lowercase().ends_with(".toml") {
        return toml::from_str(&text).map_err(|error| usage(format!("{path}: {}", error.message())));
    }
    Mapping::parse(text.as_bytes()).map_err(|error| usage(format!("{path}: {error}")))
}
