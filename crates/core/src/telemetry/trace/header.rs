//! The tracing header: `Root=1-…;Parent=…;Sampled=1` (X-Ray developer guide, "X-Ray concepts", "Tracing header").
//!
//! Lambda gives one with each invocation, and SQS with a message whose sender was traced. That sender can be anybody who may
//! upload, so nothing of a header is used that does not look as it should.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Serialize, Serializer};

/// Longer than any header that AWS sends.
const LONGEST: usize = 1024;

/// Which trace something belongs to, and what came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeader {
    pub(super) root: String,
    pub(super) parent: Option<Id>,
    /// None if whoever sent it left the decision to others.
    pub(super) sampled: Option<bool>,
    /// What Lambda counts to find a function that invokes itself; it has to be handed on ("Lambda recursive loop detection").
    pub(super) lineage: Option<String>,
}

impl TraceHeader {
    /// Reads a header. None if it names no trace.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let root = field(text, "Root").filter(|root| is_trace_id(root))?;
        let lineage = field(text, "Lineage").filter(|lineage| lineage.bytes().all(|byte| byte.is_ascii_graphic()));
        Some(Self {
            root: root.to_owned(),
            parent: field(text, "Parent").and_then(Id::read),
            sampled: match field(text, "Sampled") {
                Some("1") => Some(true),
                Some("0") => Some(false),
                _ => None,
            },
            lineage: lineage.map(str::to_owned),
        })
    }

    /// The trace's id, such as `1-5759e988-bd862e3fe1be46a994272793`.
    pub fn trace_id(&self) -> &str {
        &self.root
    }

    /// Whether it says which step it comes from. One that API Gateway adds to a request does not: nobody has begun its trace.
    pub fn has_parent(&self) -> bool {
        self.parent.is_some()
    }
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root={}", self.root)?;
        if let Some(parent) = self.parent {
            write!(f, ";Parent={parent}")?;
        }
        if let Some(sampled) = self.sampled {
            write!(f, ";Sampled={}", u8::from(sampled))?;
        }
        if let Some(lineage) = &self.lineage {
            write!(f, ";Lineage={lineage}")?;
        }
        Ok(())
    }
}

fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = header.split(';').filter_map(|field| field.trim().split_once('='));
    fields.find(|(field, _)| *field == name).map(|(_, value)| value)
}

/// Version 1, the time in 8 hexadecimal digits, and 24 more.
fn is_trace_id(text: &str) -> bool {
    let is_hexadecimal =
        |part: &str, digits: usize| part.len() == digits && part.bytes().all(|b| b.is_ascii_hexdigit());
    let mut parts = text.split('-');
    let (version, time, unique) = (parts.next(), parts.next(), parts.next());
    version == Some("1")
        && time.is_some_and(|time| is_hexadecimal(time, 8))
        && unique.is_some_and(|unique| is_hexadecimal(unique, 24))
        && parts.next().is_none()
}

/// The id of a segment or subsegment: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Id(u64);

impl Id {
    /// One that nobody else has: a keyed hash, with a key of the operating system's, over a number that only grows. It is no
    /// secret, so it takes no more than that.
    pub fn fresh() -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(KEY.hash_one(NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    fn read(text: &str) -> Option<Self> {
        let is_id = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| u64::from_str_radix(text, 16).ok().map(Self))?
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    #[test]
    fn a_header_is_read_in_any_order_and_written_as_it_was() {
        let text = format!("Root={ROOT};Parent=03995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0");
        let header = TraceHeader::read(&text).unwrap();
        assert_eq!((header.trace_id(), header.sampled), (ROOT, Some(true)));
        assert_eq!(header.to_string(), text);
        let turned = format!("Sampled=0; Self=1-67891234-12456789abcdef012345678; Root={ROOT}");
        let header = TraceHeader::read(&turned).unwrap();
        assert_eq!((header.parent, header.sampled), (None, Some(false)));
    }

    #[test]
    fn a_sender_may_leave_the_decision_to_others() {
        for undecided in [format!("Root={ROOT}"), format!("Root={ROOT};Sampled=?")] {
            assert_eq!(TraceHeader::read(&undecided).unwrap().sampled, None);
        }
    }

    #[test]
    fn what_names_no_trace_is_no_header() {
        let long = format!("Root={ROOT};Lineage={}", "x".repeat(LONGEST));
        for text in [
            "",
            "Root=",
            "Parent=03995c3f42cd8ad8;Sampled=1",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a99427279",
            "Root=1-5759e988-bd862e3fe1be46a99427279g",
            "Root=1-5759e988-bd862e3fe1be46a994272793-1",
            "Root=1-5759e988-\u{00e9}d862e3fe1be46a99427279",
            &long,
        ] {
            assert_eq!(TraceHeader::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_that_is_not_as_it_should_be_is_left_out() {
        let text = format!("Root={ROOT};Parent=+3995c3f42cd8ad8;Lineage=a b");
        assert_eq!(TraceHeader::read(&text).unwrap().to_string(), format!("Root={ROOT}"));
    }

    #[test]
    fn ids_are_16_digits_and_never_the_same() {
        let mut ids: Vec<String> = (0..1000).map(|_| Id::fresh().to_string()).collect();
        assert!(ids.iter().all(|id| id.len() == 16), "{ids:?}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 1000);
    }
}
