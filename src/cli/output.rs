//! What a command prints: results on standard output, everything else on standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// The two streams and how they are to look.
pub struct Output {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    json: bool,
    colour: bool,
}

impl Output {
    /// The process's own streams. Colour is for a terminal whose user has not set `NO_COLOR`.
    pub fn of_process(json: bool) -> Output {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = io::stdout().is_terminal() && !plain && !json;
        Output { out: Box::new(io::stdout()), err: Box::new(io::stderr()), json, colour }
    }

    /// Whether machines read it: one JSON object a line.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Both streams, for a command that writes by itself.
    pub fn streams(&mut self) -> (&mut dyn Write, &mut dyn Write) {
        (&mut self.out, &mut self.err)
    }

    /// One line of the result, for people.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// One object of the result, for machines.
    pub fn object(&mut self, value: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(value)?;
        self.line(&line)
    }

    /// Something beside the result.
    pub fn note(&mut self, text: &str) {
        // There is nowhere left to tell that standard error cannot be written.
        let _ = writeln!(self.err, "octothorpe: {text}");
    }

    /// The word as a verdict is coloured: only `verified` lets anybody in.
    pub fn verdict<'a>(&self, verdict: &'a str) -> Cow<'a, str> {
        let colour = match verdict {
            "verified" | "delivered" => AnsiColor::Green,
            "denied" | "failed" | "unknown" => AnsiColor::Red,
            _ => AnsiColor::Yellow,
        };
        self.styled(verdict, colour.on_default())
    }

    fn styled<'a>(&self, text: &'a str, style: Style) -> Cow<'a, str> {
        if self.colour { format!("{style}{text}{style:#}").into() } else { text.into() }
    }
}

/// Text from elsewhere as it may go to a terminal: control characters would move its cursor.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        text.replace(char::is_control, "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// Rows in columns as wide as their widest cell, two spaces between.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["id", "state", "to"]), row(["long-id", "é", ""])];
        assert_eq!(table(&rows), ["id       state  to", "long-id  é"]);
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(clean("ann\u{1b}[2J\r"), "ann\u{fffd}[2J\u{fffd}");
        assert_eq!(clean("Ann Müller"), "Ann Müller");
    }
}
