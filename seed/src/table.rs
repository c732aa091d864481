//! The tables of `seed/data/README.md`: semicolon between columns, first line the header.
#![expect(
    clippy::option_option,
    reason = "the outer one says whether a cell is accepted, the inner one whether it says anything"
)]

use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::Path,
    str::FromStr,
};

use chrono::NaiveDate;
use csv::{ErrorKind, QuoteStyle, StringRecord};

use crate::error::{BadCell, SeedError};

/// A table that is read row by row. Columns may stand in any order; an optional one may be absent,
/// which reads as empty cells.
pub(crate) struct Table<R> {
    file: String,
    reader: csv::Reader<R>,
    columns: &'static [&'static str],
    at: Vec<Option<usize>>,
    record: StringRecord,
    broken: bool,
}

impl<R: Read> Table<R> {
    /// Reads the header. `required` are those of the columns that must be there.
    pub(crate) fn open(
        file: &str,
        source: R,
        columns: &'static [&'static str],
        required: &[&str],
    ) -> Result<Self, SeedError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .from_reader(source);
        let header = reader.headers().map_err(|error| shape(file, error))?;
        let given: Vec<&str> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{FEFF}').trim())
            .collect();
        let wrong = |what: String| SeedError::Shape {
            file: file.to_owned(),
            line: 1,
            what,
        };
        for (nth, name) in given.iter().enumerate() {
            if !columns.contains(name) {
                let accepted = columns.join(";");
                return Err(wrong(format!(
                    "no column is called “{name}”; accepted: {accepted}"
                )));
            }
            if given[..nth].contains(name) {
                return Err(wrong(format!("the column {name} stands twice")));
            }
        }
        if let Some(missing) = required.iter().find(|name| !given.contains(name)) {
            return Err(wrong(format!("the column {missing} is missing")));
        }
        let at = columns
            .iter()
            .map(|column| given.iter().position(|name| name == column));
        let at = at.collect();
        let file = file.to_owned();
        Ok(Self {
            file,
            reader,
            columns,
            at,
            record: StringRecord::new(),
            broken: false,
        })
    }

    /// The next row; nothing at the end, or after the source itself has failed.
    pub(crate) fn next_row(&mut self) -> Option<Result<Row<'_>, SeedError>> {
        if self.broken {
            return None;
        }
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(Ok(Row {
                file: &self.file,
                line: self.record.position().map_or(0, csv::Position::line),
                columns: self.columns,
                at: &self.at,
                record: &self.record,
                bad: Vec::new(),
            })),
            Err(error) => {
                self.broken = error.is_io_error();
                Some(Err(shape(&self.file, error)))
            }
        }
    }

    /// Reads every row of a table that is kept whole.
    pub(crate) fn rows<T>(
        mut self,
        mut read: impl FnMut(Row<'_>) -> Result<T, SeedError>,
    ) -> Result<Vec<T>, SeedError> {
        let mut rows = Vec::new();
        while let Some(row) = self.next_row() {
            rows.push(read(row?)?);
        }
        Ok(rows)
    }
}

/// One row. What is wrong with its cells is gathered, so that its editor gets all of it at once.
pub(crate) struct Row<'t> {
    pub(crate) file: &'t str,
    pub(crate) line: u64,
    columns: &'static [&'static str],
    at: &'t [Option<usize>],
    record: &'t StringRecord,
    bad: Vec<BadCell>,
}

impl<'t> Row<'t> {
    /// A cell without the spaces around it.
    pub(crate) fn text(&self, column: &str) -> &'t str {
        let nth = self.columns.iter().position(|name| *name == column);
        let at = nth.and_then(|nth| self.at[nth]);
        at.and_then(|at| self.record.get(at)).unwrap_or("").trim()
    }

    /// A cell, or nothing when it is empty.
    pub(crate) fn optional(&self, column: &str) -> Option<String> {
        Some(self.text(column))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// The items of a list.
    pub(crate) fn list(&self, column: &str) -> Vec<String> {
        let items = self.text(column).split('|').map(str::trim);
        items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A cell that must not be empty.
    pub(crate) fn required(&mut self, column: &str, accepted: &str) -> Option<String> {
        let text = self.optional(column);
        if text.is_none() {
            self.note(column, accepted);
        }
        text
    }

    /// Reads a cell unless it is empty. The outer nothing says that it was not accepted.
    pub(crate) fn read<T>(
        &mut self,
        column: &str,
        accepted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        let text = self.text(column);
        if text.is_empty() {
            return Some(None);
        }
        let value = read(text);
        if value.is_none() {
            self.note(column, accepted);
        }
        value.map(Some)
    }

    /// Reads a number unless the cell is empty.
    pub(crate) fn number<T: FromStr>(&mut self, column: &str, accepted: &str) -> Option<Option<T>> {
        self.read(column, accepted, |text| text.parse().ok())
    }

    /// Reads a decimal number unless the cell is empty; infinities are none.
    pub(crate) fn decimal(&mut self, column: &str, accepted: &str) -> Option<Option<f64>> {
        self.read(column, accepted, |text| {
            text.parse().ok().filter(|n: &f64| n.is_finite())
        })
    }

    /// Reads a local date unless the cell is empty.
    pub(crate) fn date(&mut self, column: &str) -> Option<Option<NaiveDate>> {
        self.read(
            column,
            "a local date such as 2026-01-06, in the years 2000-2100",
            |text| {
                NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .ok()
                    .filter(|date| is_near(*date))
            },
        )
    }

    /// Reads `yes` or `no` unless the cell is empty.
    pub(crate) fn answer(&mut self, column: &str) -> Option<Option<bool>> {
        self.read(column, "yes, no or nothing", |text| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        })
    }

    /// Reads latitude and longitude, both or none.
    pub(crate) fn point(&mut self) -> Option<Option<(f64, f64)>> {
        let latitude = self.decimal("latitude", "decimal degrees with a point, or nothing");
        let longitude = self.decimal("longitude", "decimal degrees with a point, or nothing");
        match (latitude?, longitude?) {
            (Some(latitude), Some(longitude)) => Some(Some((latitude, longitude))),
            (None, None) => Some(None),
            (None, Some(_)) => self.refuse("latitude", "decimal degrees, as there is a longitude"),
            (Some(_), None) => self.refuse("longitude", "decimal degrees, as there is a latitude"),
        }
    }

    /// Notes that a cell is not accepted.
    pub(crate) fn note(&mut self, column: &str, accepted: &str) {
        let value = self.text(column);
        self.bad
            .push(BadCell::new(self.file, self.line, column, value, accepted));
    }

    /// Notes that a cell is not accepted; always nothing.
    pub(crate) fn refuse<T>(&mut self, column: &str, accepted: &str) -> Option<T> {
        self.note(column, accepted);
        None
    }

    /// The value if every cell was accepted, else everything that was not.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, SeedError> {
        match value {
            Some(value) if self.bad.is_empty() => Ok(value),
            _ => {
                // Nothing in, nothing noted: cannot happen, and must not pass for an empty list.
                if self.bad.is_empty() {
                    let first = self.columns.first().copied().unwrap_or_default();
                    self.note(first, "a whole row");
                }
                Err(SeedError::Cells(self.bad))
            }
        }
    }
}

/// Whether a listing can have been posted on this date, or end on it: a schedule begins in 2020 at the
/// earliest, but what it stands in may be older. Anything else is a slip of the finger.
fn is_near(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (2000..=2100).contains(&date.year())
}

/// A table that is written row by row.
pub(crate) struct Sheet<W: Write> {
    file: String,
    writer: csv::Writer<W>,
}

impl<W: Write> Sheet<W> {
    /// Writes the header.
    pub(crate) fn create(file: &str, sink: W, columns: &[&str]) -> Result<Self, SeedError> {
        let writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .quote_style(QuoteStyle::Necessary)
            .from_writer(sink);
        let mut sheet = Self {
            file: file.to_owned(),
            writer,
        };
        sheet.write(columns)?;
        Ok(sheet)
    }

    /// Writes a row, its cells in the order of the header.
    pub(crate) fn write<T: AsRef<[u8]>>(&mut self, cells: &[T]) -> Result<(), SeedError> {
        self.writer
            .write_record(cells)
            .map_err(|error| shape(&self.file, error))
    }

    /// Hands what is still held back to the sink.
    pub(crate) fn finish(mut self) -> Result<(), SeedError> {
        self.writer.flush().map_err(|source| SeedError::Io {
            file: self.file,
            source,
        })
    }
}

/// Opens a file of a folder.
pub(crate) fn open(folder: &Path, file: &str) -> Result<BufReader<File>, SeedError> {
    let path = folder.join(file);
    let named = |source| SeedError::Io {
        file: path.display().to_string(),
        source,
    };
    File::open(&path).map(BufReader::new).map_err(named)
}

/// Creates a file in a folder.
pub(crate) fn create(folder: &Path, file: &str) -> Result<File, SeedError> {
    let path = folder.join(file);
    File::create(&path).map_err(|source| SeedError::Io {
        file: path.display().to_string(),
        source,
    })
}

/// `yes`, `no` or an empty cell.
pub(crate) fn answer_text(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

/// A number or another value as a cell, empty when there is none.
pub(crate) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn shape(file: &str, error: csv::Error) -> SeedError {
    let file = file.to_owned();
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(source) => SeedError::Io { file, source },
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let what = format!(
                "{len} cells where the header has {expected_len}; a cell that holds a semicolon or a quote needs double quotes"
            );
            SeedError::Shape { file, line, what }
        }
        ErrorKind::Utf8 { err, .. } => {
            let what = format!("cell {} is not UTF-8", err.field() + 1);
            SeedError::Shape { file, line, what }
        }
        kind => SeedError::Io {
            file,
            source: io::Error::other(format!("{kind:?}")),
        },
    }
}
