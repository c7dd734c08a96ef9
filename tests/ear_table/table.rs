//! The table itself: rows as they come, then all of them, in Markdown and as JSON.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};

use crate::ear::spandsp::SpanDsp;
use crate::ear::{Score, seed, short_or_long};
use crate::statistics::{could_come_of, most_missed};
use crate::trials::Beside;

/// What a row asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Required {
    /// At least so many per cent are right.
    Share(f64),
    /// At least so many per cent are right, and none is doubled.
    ShareOnce(f64),
    /// None is doubled; how many are right is told.
    Once,
    /// Nothing is asked.
    Told,
}

/// One line of the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) required: String,
    pub(crate) ours: String,
    /// `None` where nothing is asked.
    pub(crate) met: Option<bool>,
    /// What the counts say about the rate behind them, at 95 %.
    pub(crate) bound: String,
    pub(crate) spandsp: String,
    /// Trials or hours.
    pub(crate) over: String,
    /// The same figures for machines.
    pub(crate) figures: Value,
    /// What was wrong, as far as it helps whoever looks into it.
    pub(crate) details: Vec<String>,
}

/// All rows, and what every one of them needs.
pub(crate) struct Table {
    pub(crate) seed: u64,
    pub(crate) spandsp: SpanDsp,
    is_long: bool,
    group: &'static str,
    rows: Vec<(&'static str, Row)>,
    began: Instant,
}

impl Table {
    #[expect(clippy::disallowed_methods, reason = "a long run tells how long it took")]
    pub(crate) fn begin(seed: u64) -> Table {
        let seed = seed::asked().unwrap_or(seed);
        let is_long = short_or_long(0, 1) == 1;
        println!("ear_table: seed {seed}, {}", if is_long { "long" } else { "a sample" });
        let spandsp = SpanDsp::build();
        Table { seed, spandsp, is_long, group: "", rows: Vec::new(), began: Instant::now() }
    }

    pub(crate) fn begin_group(&mut self, name: &'static str) {
        println!("{name} ({:.0} s)", self.began.elapsed().as_secs_f64());
        self.group = name;
    }

    pub(crate) fn push(&mut self, row: Row) {
        let Row { name, required, ours, bound, spandsp, over, .. } = &row;
        let mark = if row.met == Some(false) { " MISSED" } else { "" };
        println!("  {name}: {ours}{mark} (required {required}; {bound}; SpanDSP {spandsp}; {over})");
        row.details.iter().for_each(|detail| println!("    {detail}"));
        self.rows.push((self.group, row));
    }

    /// Whether so many misses are within what is allowed: in a long run as they are counted, in a
    /// sample unless they could hardly come of the rate that is allowed.
    pub(crate) fn is_within(&self, missed: usize, trials: usize, allowed: f64) -> bool {
        let share = missed as f64 / trials.max(1) as f64;
        // Shares in per cent are not whole numbers of 2^-n.
        if self.is_long { share <= allowed + 1e-9 } else { could_come_of(missed, trials, allowed) }
    }

    /// A row of right trials of ours.
    pub(crate) fn share_row(
        &self,
        name: &str,
        required: Required,
        ours: Score,
        spandsp: &str,
        details: Vec<String>,
    ) -> Row {
        let Score { trials, right, doubled, .. } = ours;
        let missed = trials - right;
        let (words, met) = match required {
            Required::Share(least) => {
                (format!(">= {least} %"), Some(self.is_within(missed, trials, 1.0 - least / 100.0)))
            }
            Required::ShareOnce(least) => {
                let is_met = doubled == 0 && self.is_within(missed, trials, 1.0 - least / 100.0);
                (format!(">= {least} %, doubled 0"), Some(is_met))
            }
            Required::Once => ("doubled 0".to_owned(), Some(doubled == 0)),
            Required::Told => ("told".to_owned(), None),
        };
        Row {
            name: name.to_owned(),
            required: words,
            ours: share_words(ours),
            met,
            bound: format!("wrong < {:.4} %", 100.0 * most_missed(missed, trials)),
            spandsp: spandsp.to_owned(),
            over: format!("{trials} trials"),
            figures: json!({ "right": right, "trials": trials, "doubled": doubled }),
            details,
        }
    }

    /// Right trials of ours alone, or beside others' words.
    pub(crate) fn share(
        &mut self,
        name: &str,
        required: Required,
        ours: Score,
        spandsp: &str,
        details: Vec<String>,
    ) {
        let row = self.share_row(name, required, ours, spandsp, details);
        self.push(row);
    }

    /// Right trials beside SpanDSP's.
    pub(crate) fn beside(&mut self, name: &str, required: Required, scores: Beside) {
        self.share(name, required, scores.ours, &share_words(scores.theirs), Vec::new());
    }

    /// Something that must never come.
    pub(crate) fn none(
        &mut self,
        name: &str,
        count: usize,
        trials: usize,
        spandsp: &str,
        details: Vec<String>,
    ) {
        self.push(Row {
            name: name.to_owned(),
            required: "0".to_owned(),
            ours: count.to_string(),
            met: Some(count == 0),
            bound: format!("< {:.4} %", 100.0 * most_missed(count, trials)),
            spandsp: spandsp.to_owned(),
            over: format!("{trials} trials"),
            figures: json!({ "count": count, "trials": trials }),
            details,
        });
    }

    /// Prints and writes the whole; fails if a row is missed.
    pub(crate) fn end(&self) -> ExitCode {
        println!("\nseed {}, {:.0} s", self.seed, self.began.elapsed().as_secs_f64());
        println!("| row | required | ours | met | 95 % bound | SpanDSP | over |");
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for (_, Row { name, required, ours, met, bound, spandsp, over, .. }) in &self.rows {
            let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
            println!("| {name} | {required} | {ours} | {met} | {bound} | {spandsp} | {over} |");
        }
        self.write();
        let missed: Vec<&str> = self
            .rows
            .iter()
            .filter(|(_, row)| row.met == Some(false))
            .map(|(_, row)| row.name.as_str())
            .collect();
        missed.iter().for_each(|name| println!("missed: {name}"));
        let passed = self.rows.iter().filter(|(_, row)| row.met == Some(true)).count();
        println!("\ntest result: ear_table. {passed} passed; {} failed; of the rows", missed.len());
        if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn write(&self) {
        let as_json = |(group, row): &(&str, Row)| {
            json!({ "group": group, "row": row.name, "required": row.required, "ours": row.ours,
                    "met": row.met, "bound_95": row.bound, "spandsp": row.spandsp, "over": row.over,
                    "figures": row.figures, "details": row.details })
        };
        let rows: Vec<Value> = self.rows.iter().map(as_json).collect();
        let table = json!({ "seed": self.seed, "long": self.is_long, "rows": rows });
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("ear_table.json");
        std::fs::write(&path, serde_json::to_string_pretty(&table).unwrap()).unwrap();
        println!("\nwritten to {}", path.display());
    }
}

/// Where a sound that went wrong is kept.
pub(crate) fn wrong(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("ear_table_wrong").join(format!("{name}.wav"))
}

/// In per cent, with as many places as the trials give, and how many were doubled.
pub(crate) fn share_words(score: Score) -> String {
    let share = 100.0 * score.right as f64 / score.trials.max(1) as f64;
    let places = (score.trials as f64 / 100.0).log10().ceil().clamp(0.0, 4.0) as usize;
    match score.doubled {
        0 => format!("{share:.places$} %"),
        doubled => format!("{share:.places$} %, {doubled} doubled"),
    }
}
