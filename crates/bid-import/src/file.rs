//! The file of the older system: a header, and a contract with a sealed bid in each further line.
//!
//! ```text
//! [].contract,[].bid
//! C-2021-17,AQICAHh...
//! ```
//!
//! The fields are those of RFC 4180, but a record never runs over the end of a line: so a quotation mark that is not
//! closed spoils its own line, and none behind it. A line ends with LF, CR LF or CR, whatever the lines before it end with.

use gatehouse_core::disposition::{Disposition, Failure};

const HEADER: [&str; 2] = ["[].contract", "[].bid"];
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a file may have at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub bytes: u64,
    /// Lines, without the header.
    pub lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            lines: 10_000,
        }
    }
}

/// A line that can be tried.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The contract's name, or an auction's id. Not empty.
    pub contract: String,
    /// The KMS ciphertext, in base64. Not empty, and not checked yet.
    pub bid: String,
}

/// A line's number, which is 1 for the header, and what it says.
pub type NumberedLine = (u64, Result<Line, BadLine>);

/// What is wrong with a file as a whole. Nothing of it is placed. Reject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The first line is another one.
    #[error("the first line is not [].contract,[].bid")]
    UnexpectedHeader,
    /// It has more lines than are taken.
    #[error("the file has more than {0} lines")]
    TooManyLines(usize),
}

impl Failure for FileError {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnexpectedHeader => "unexpected-header",
            Self::TooManyLines(_) => "too-many-lines",
        }
    }
}

/// What is wrong with the text of a line. Reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLine {
    /// It is no UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It has more or fewer than two fields.
    #[error("it does not have two fields")]
    NotTwoFields,
    /// The contract is empty.
    #[error("the contract is missing")]
    NoContract,
    /// The bid is empty.
    #[error("the bid is missing")]
    NoBid,
}

impl BadLine {
    /// A stable code.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotUtf8 => "line-not-utf-8",
            Self::NotTwoFields => "line-without-two-fields",
            Self::NoContract => "contract-missing",
            Self::NoBid => "bid-missing",
        }
    }
}

/// The lines of a file without its header. Empty ones are left out.
///
/// # Errors
/// [`FileError`] (Reject)
pub fn lines(file: &[u8], limits: Limits) -> Result<Vec<NumberedLine>, FileError> {
    let file = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
    let mut numbered = (1..).zip(split(file));
    let header = numbered.next().and_then(|(_, header)| fields(header).ok());
    if header.is_none_or(|header| header != HEADER) {
        return Err(FileError::UnexpectedHeader);
    }
    let mut lines = Vec::new();
    for (number, text) in numbered.filter(|(_, text)| !text.is_empty()) {
        if lines.len() == limits.lines {
            return Err(FileError::TooManyLines(limits.lines));
        }
        lines.push((number, line(text)));
    }
    Ok(lines)
}

/// What stands between LF, CR LF and CR. Nothing in it ends a record for the `csv` crate either, which would drop the rest.
fn split(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let up_to_line_feed = file.split(|byte| *byte == b'\n');
    up_to_line_feed.flat_map(|text| {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        text.split(|byte| *byte == b'\r')
    })
}

fn line(text: &[u8]) -> Result<Line, BadLine> {
    let [contract, bid] = fields(text)?.try_into().map_err(|_| BadLine::NotTwoFields)?;
    match (contract.is_empty(), bid.is_empty()) {
        (true, _) => Err(BadLine::NoContract),
        (_, true) => Err(BadLine::NoBid),
        _ => Ok(Line { contract, bid }),
    }
}

/// The fields of one line.
fn fields(text: &[u8]) -> Result<Vec<String>, BadLine> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1024)
        .from_reader(text);
    let record = reader.byte_records().next().and_then(Result::ok).unwrap_or_default();
    let fields = record.iter().map(|field| String::from_utf8(field.to_vec()));
    fields.collect::<Result<_, _>>().map_err(|_| BadLine::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Plain = Result<(String, String), BadLine>;

    fn read(file: &str) -> Vec<(u64, Plain)> {
        let lines = lines(file.as_bytes(), Limits::default()).unwrap().into_iter();
        let plain = lines.map(|(number, line)| (number, line.map(|line| (line.contract, line.bid))));
        plain.collect()
    }

    fn good(contract: &str, bid: &str) -> Plain {
        Ok((contract.to_owned(), bid.to_owned()))
    }

    #[test]
    fn each_line_has_its_number_whatever_the_file_was_written_with() {
        let expected = [(2, good("C-1", "AQID")), (4, good("C, 2", "AQIE"))];
        assert_eq!(read("[].contract,[].bid\nC-1,AQID\n\n\"C, 2\",AQIE\n"), expected);
        assert_eq!(
            read("\u{feff}\"[].contract\",\"[].bid\"\r\nC-1,AQID\r\n\r\n\"C, 2\",AQIE"),
            expected
        );
    }

    #[test]
    fn a_carriage_return_ends_a_line_by_itself_and_none_is_dropped() {
        let expected = [(2, good("C-1", "AQID")), (4, good("C, 2", "AQIE"))];
        assert_eq!(read("[].contract,[].bid\rC-1,AQID\r\r\"C, 2\",AQIE\r"), expected);
        // One file, written by two systems.
        let lines = read("[].contract,[].bid\r\nC-1,AQID\rC-2,AQIE\nC-3,AQIF\r\rC-4,AQIG");
        let expected = [
            (2, good("C-1", "AQID")),
            (3, good("C-2", "AQIE")),
            (4, good("C-3", "AQIF")),
            (6, good("C-4", "AQIG")),
        ];
        assert_eq!(lines, expected);
        let lines = read("[].contract,[].bid\n\"C\r1\",AQID\nC-2,AQIE");
        let expected = [
            (2, Err(BadLine::NotTwoFields)),
            (3, good("1\"", "AQID")),
            (4, good("C-2", "AQIE")),
        ];
        assert_eq!(lines, expected, "also between quotation marks");
    }

    #[test]
    fn a_bad_line_spoils_no_other() {
        for (line, problem) in [
            ("C-1", BadLine::NotTwoFields),
            ("C-1,AQID,", BadLine::NotTwoFields),
            ("\"C-1,AQID", BadLine::NotTwoFields),
            (",AQID", BadLine::NoContract),
            ("C-1,", BadLine::NoBid),
        ] {
            let file = format!("[].contract,[].bid\n{line}\nC-2,AQID\n");
            assert_eq!(read(&file), [(2, Err(problem)), (3, good("C-2", "AQID"))], "{line}");
        }
        let file = b"[].contract,[].bid\n\xFF\xFE,AQID\nC-2,AQID\n";
        let lines = lines(file, Limits::default()).unwrap();
        assert_eq!(lines[0].1.as_ref().err(), Some(&BadLine::NotUtf8));
        assert!(lines[1].1.is_ok());
    }

    #[test]
    fn another_header_or_none_is_another_kind_of_file() {
        for file in [
            "",
            "\n",
            "contract,bid\nC-1,AQID",
            "C-1,AQID",
            "[].contract;[].bid",
            "[].contract,[].bid,[].note",
        ] {
            assert_eq!(
                lines(file.as_bytes(), Limits::default()).err(),
                Some(FileError::UnexpectedHeader),
                "{file}"
            );
        }
    }

    #[test]
    fn a_file_with_too_many_lines_is_refused_whole() {
        let limits = Limits { bytes: 0, lines: 2 };
        let file = |lines: usize| format!("[].contract,[].bid\n{}", "C-1,AQID\n\n".repeat(lines));
        assert_eq!(lines(file(2).as_bytes(), limits).map(|lines| lines.len()), Ok(2));
        assert_eq!(
            lines(file(3).as_bytes(), limits).err(),
            Some(FileError::TooManyLines(2))
        );
    }
}
