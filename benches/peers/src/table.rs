//! The table, and what it has to show.

use crate::contender::{CONTENDERS, Role};

/// At most so many times the floor.
const FLOORS: f64 = 5.0;
/// The fastest peer takes at least so many times as long.
const PEER: f64 = 2.0;

/// A case's row: one cost for each contender, `None` for one that cannot.
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) costs: Vec<Option<f64>>,
}

impl Row {
    fn cost(&self, role: Role) -> Option<f64> {
        let of_role = CONTENDERS.iter().zip(&self.costs).filter(|(contender, _)| contender.role == role);
        of_role.filter_map(|(_, cost)| *cost).min_by(f64::total_cmp)
    }

    /// How many floors we take.
    fn floors(&self) -> Option<f64> {
        Some(self.cost(Role::Ours)? / self.cost(Role::Floor)?)
    }

    /// How many floors the fastest peer takes.
    fn peer_floors(&self) -> Option<f64> {
        Some(self.cost(Role::Peer)? / self.cost(Role::Floor)?)
    }

    /// How many times as long as we the fastest peer takes.
    fn ahead(&self) -> Option<f64> {
        Some(self.cost(Role::Peer)? / self.cost(Role::Ours)?)
    }

    /// What this row misses. In instructions nothing is said of the floor, whose steps wait for each other: it is slow for
    /// so few.
    pub(crate) fn missed(&self, in_floors: bool) -> Vec<String> {
        let mut missed = Vec::new();
        match self.floors() {
            Some(floors) if in_floors && floors > FLOORS => {
                missed.push(format!("{}: {floors:.1} times the floor, not at most {FLOORS}", self.case));
            }
            Some(_) => {}
            None => missed.push(format!("{}: scimstack-filter cannot parse it", self.case)),
        }
        match self.ahead() {
            Some(ahead) if ahead < PEER => {
                missed
                    .push(format!("{}: {ahead:.1} times as fast as the fastest peer, not at least {PEER}", self.case));
            }
            Some(_) => {}
            None => missed.push(format!("{}: no peer can parse it, so nothing is compared", self.case)),
        }
        missed
    }
}

/// The rows in Markdown.
pub(crate) fn markdown(rows: &[Row], unit: &str) -> String {
    let names: Vec<_> = CONTENDERS.iter().map(|contender| contender.name).collect();
    let mut text =
        format!("| {unit} | {} | ours / floor | fastest peer / floor | fastest peer / ours |\n", names.join(" | "));
    text += &format!("|---|{}\n", "---:|".repeat(names.len() + 3));
    for row in rows {
        let costs: Vec<_> =
            row.costs.iter().map(|cost| cost.map_or("cannot".to_owned(), |cost| format!("{cost:.0}"))).collect();
        let ratios = [row.floors(), row.peer_floors(), row.ahead()];
        let ratios = ratios.map(|ratio| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.1}")));
        text += &format!("| {} | {} | {} |\n", row.case, costs.join(" | "), ratios.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Row;

    fn row(costs: [Option<f64>; 5]) -> Row {
        Row { case: "eq", costs: costs.to_vec() }
    }

    #[test]
    fn a_row_within_both_targets_misses_nothing() {
        assert!(row([Some(10.0), Some(50.0), None, Some(100.0), Some(900.0)]).missed(true).is_empty());
    }

    #[test]
    fn more_than_five_floors_are_missed_by_the_clock_only() {
        let row = row([Some(10.0), Some(51.0), None, Some(200.0), None]);
        assert_eq!(row.missed(true), ["eq: 5.1 times the floor, not at most 5"]);
        assert!(row.missed(false).is_empty());
    }

    #[test]
    fn it_is_the_fastest_peer_that_counts() {
        let row = row([Some(10.0), Some(40.0), Some(900.0), Some(60.0), None]);
        assert_eq!(row.missed(true), ["eq: 1.5 times as fast as the fastest peer, not at least 2"]);
    }

    #[test]
    fn neither_we_nor_all_peers_may_be_unable() {
        assert_eq!(row([Some(10.0), None, Some(90.0), None, None]).missed(true).len(), 2);
        assert_eq!(row([Some(10.0), Some(20.0), None, None, None]).missed(true).len(), 1);
    }
}
