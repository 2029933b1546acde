//! Columns of text, and how times and ages are written.

use std::fmt;

use jiff::{Timestamp, Unit};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Rows under a heading, each column as wide as its widest cell.
#[derive(Debug)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// With this heading.
    pub fn new<const COLUMNS: usize>(heading: [&str; COLUMNS]) -> Self {
        Self(vec![heading.map(ToOwned::to_owned).to_vec()])
    }

    /// One more row. What a terminal would obey is written out: a reason may come from anybody who can send to the queue.
    pub fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.0
            .push(cells.map(|cell| cell.replace(char::is_control, "?")).to_vec());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.0.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.0 {
            let cells = row.iter().enumerate();
            let padded: Vec<String> = cells
                .map(|(column, cell)| format!("{cell:0$}", self.width(column)))
                .collect();
            writeln!(formatter, "{}", padded.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// An age in the two largest units that it has: `3 d 4 h`.
pub fn age(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h {} min", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{} d {} h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// A time in UTC, to the second.
pub fn time(time: Option<Timestamp>) -> String {
    let to_the_second = |time: Timestamp| time.round(Unit::Second).unwrap_or(time).to_string();
    time.map_or_else(|| "-".to_owned(), to_the_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["A", "LONGER"]);
        table.row(["wide".to_owned(), "x".to_owned()]);
        assert_eq!(table.to_string(), "A     LONGER\nwide  x\n");
    }

    #[test]
    fn an_age_is_told_in_units_that_a_person_thinks_in() {
        let ages = [59, 60, 3_700, 100_000].map(age);
        assert_eq!(ages, ["59 s", "1 min", "1 h 1 min", "1 d 3 h"]);
    }
}
