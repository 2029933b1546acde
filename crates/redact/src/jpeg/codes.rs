//! Huffman tables as they encode, and how a table gets a code that it lacks without changing those that it has (ITU-T
//! T.81 sections C.2 and F.1.2).

use super::cover::KEPT;
use super::huffman::{TableDefinition, Tables};
use super::scan::Scan;
use super::skip::{LARGEST_AC, LARGEST_DC_CATEGORY};
use super::writer::BitWriter;
use crate::Error;

/// Codes of a table at most: one for each value of a byte.
const MOST_CODES: usize = 256;

/// The codes of a table, by their values; length 0 where there is none.
#[derive(Debug, Clone)]
struct Codes([(u32, u32); 256]);

impl Codes {
    fn of(definition: TableDefinition) -> Result<Self, Error> {
        let mut codes = [(0, 0); 256];
        for code in definition.codes()? {
            if let Some(place) = codes.get_mut(usize::from(code.value)) {
                *place = (code.bits, code.length);
            }
        }
        Ok(Self(codes))
    }

    #[inline]
    fn of_value(&self, value: u8) -> (u32, u32) {
        self.0.get(usize::from(value)).copied().unwrap_or_default()
    }
}

/// Writes blocks with the tables of a file.
pub(super) struct Encoder {
    components: Vec<ComponentCodes>,
}

struct ComponentCodes {
    dc: Codes,
    ac: Codes,
    /// Values that were needed and have no code.
    missing_dc: Vec<u8>,
    missing_ac: Vec<u8>,
}

impl Encoder {
    /// With the scan's own tables.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when a table is missing or broken.
    pub fn of(scan: &Scan) -> Result<Self, Error> {
        Self::with(scan, &scan.tables)
    }

    /// With other tables in the same slots.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when a table is missing or broken.
    pub fn with(scan: &Scan, tables: &Tables) -> Result<Self, Error> {
        let components = scan.header.parts.iter().map(|part| {
            Ok(ComponentCodes {
                dc: Codes::of(tables.dc(part.dc_table)?)?,
                ac: Codes::of(tables.ac(part.ac_table)?)?,
                missing_dc: Vec::new(),
                missing_ac: Vec::new(),
            })
        });
        Ok(Self {
            components: components.collect::<Result<_, _>>()?,
        })
    }

    /// Whether there is a code for everything that hides, whatever it is.
    pub fn has_all(&self) -> bool {
        let symbols =
            (0..KEPT as u8 - 1).flat_map(|zeros| (1..=LARGEST_AC.ilog2() as u8 + 1).map(move |size| zeros << 4 | size));
        let mut symbols = std::iter::once(0).chain(symbols);
        let has = |codes: &Codes, value: u8| codes.of_value(value).1 > 0;
        let mut all = self.components.iter();
        let has_dc = all.all(|codes| (0..=LARGEST_DC_CATEGORY).all(|category| has(&codes.dc, category)));
        has_dc && symbols.all(|symbol| self.components.iter().all(|codes| has(&codes.ac, symbol)))
    }

    /// Writes the difference of a DC coefficient to the one before (section F.1.2.1).
    #[inline]
    pub fn put_dc(&mut self, component: usize, difference: i32, writer: &mut BitWriter) {
        let Some(codes) = self.components.get_mut(component) else {
            return;
        };
        let size = category(difference);
        put_value(codes.dc.of_value(size as u8), difference, size, writer, || {
            note(&mut codes.missing_dc, size as u8)
        });
    }

    /// Writes AC coefficients, in zigzag order from the first, and the end of the block (section F.1.2.2).
    pub fn put_ac(&mut self, component: usize, coefficients: &[i16], writer: &mut BitWriter) {
        let Some(codes) = self.components.get_mut(component) else {
            return;
        };
        let mut put = |zeros: u32, value: i32| {
            let size = category(value);
            let symbol = (zeros << 4 | size) as u8;
            put_value(codes.ac.of_value(symbol), value, size, writer, || {
                note(&mut codes.missing_ac, symbol)
            });
        };
        let mut zeros = 0;
        for coefficient in coefficients {
            if *coefficient == 0 {
                zeros += 1;
            } else {
                put(std::mem::take(&mut zeros), i32::from(*coefficient));
            }
        }
        put(0, 0);
    }

    /// A DHT payload with the tables that lacked codes, extended; empty if none did. `None` if one of them has no room.
    pub fn extended_tables(&self, scan: &Scan) -> Option<Vec<u8>> {
        let mut payload = Vec::new();
        for slot in 0..4 {
            let parts = || scan.header.parts.iter().zip(&self.components);
            let of_dc = parts()
                .filter(|(part, _)| part.dc_table == slot)
                .flat_map(|(_, codes)| &codes.missing_dc);
            extend(scan.tables.dc(slot).ok(), of_dc, slot, &mut payload)?;
            let of_ac = parts()
                .filter(|(part, _)| part.ac_table == slot)
                .flat_map(|(_, codes)| &codes.missing_ac);
            extend(scan.tables.ac(slot).ok(), of_ac, 0x10 | slot, &mut payload)?;
        }
        Some(payload)
    }
}

/// Writes a code and the bits of a value behind it; at most 16 and 11 bits.
#[inline]
fn put_value((code, length): (u32, u32), value: i32, size: u32, writer: &mut BitWriter, missing: impl FnOnce()) {
    if length == 0 {
        return missing();
    }
    writer.put(code << size | low_bits(value, size), length + size);
}

fn note(missing: &mut Vec<u8>, value: u8) {
    if !missing.contains(&value) {
        missing.push(value);
    }
}

/// How many bits a value takes: 0 for 0, 1 for -1 and 1, 2 up to 3, and so on (tables F.1 and F.2).
fn category(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}

/// The bits behind the code: the value itself, or, if it is negative, one less than it in its lowest bits.
fn low_bits(value: i32, category: u32) -> u32 {
    let value = if value < 0 { value - 1 } else { value };
    value as u32 & ((1 << category) - 1)
}

/// Appends a table with codes for more values, if there are any. `None` if it has no room for them.
fn extend<'a>(
    definition: Option<TableDefinition>,
    missing: impl Iterator<Item = &'a u8>,
    head: u8,
    payload: &mut Vec<u8>,
) -> Option<()> {
    let mut values = Vec::new();
    missing.for_each(|value| note(&mut values, *value));
    if values.is_empty() {
        return Some(());
    }
    let definition = definition?;
    if definition.values.len() + values.len() > MOST_CODES {
        return None;
    }
    let mut counts = *definition.counts;
    let length = length_with_room(&counts, values.len())?;
    let count = counts.get_mut(length - 1)?;
    *count = count.checked_add(u8::try_from(values.len()).ok()?)?;
    payload.push(head);
    payload.extend(counts);
    // Behind all others: these keep their codes.
    payload.extend_from_slice(definition.values);
    payload.extend(values);
    Some(())
}

/// The shortest length, in bits, at which so many codes can be added behind all that there are. The code of all ones
/// stays unused (section C.2).
fn length_with_room(counts: &[u8; 16], more: usize) -> Option<usize> {
    let longest = counts.iter().rposition(|count| *count > 0).map_or(1, |place| place + 1);
    let mut next = 0_usize;
    for (length, count) in (1..).zip(counts) {
        next = next * 2 + usize::from(*count);
        let has_room = next + more < 1 << length;
        if length >= longest && has_room {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::jpeg::huffman::Code;

    fn codes(counts: &[u8; 16], values: &[u8]) -> Vec<Code> {
        TableDefinition { counts, values }.codes().unwrap()
    }

    #[test]
    fn an_extended_table_keeps_every_code_that_it_had() {
        // Complete but for the code of all ones: 0, 10, 110, and 1110.
        let mut counts = [0; 16];
        counts[..4].copy_from_slice(&[1, 1, 1, 1]);
        let values = [5, 6, 7, 8];
        let before = codes(&counts, &values);
        let mut payload = Vec::new();
        let definition = TableDefinition {
            counts: &counts,
            values: &values,
        };
        extend(Some(definition), [1, 2, 1, 3].iter(), 0x11, &mut payload).unwrap();
        let mut tables = Tables::default();
        tables.define(&payload).unwrap();
        let after = tables.ac(1).unwrap().codes().unwrap();
        assert_eq!(after[..4], before);
        let added: Vec<u8> = after[4..].iter().map(|code| code.value).collect();
        assert_eq!(added, [1, 2, 3]);
        assert!(
            after.iter().all(|code| code.bits + 1 < 1 << code.length),
            "all ones stays unused"
        );
    }

    #[test]
    fn a_table_without_room_says_so() {
        let mut counts = [0; 16];
        counts[0] = 2;
        assert_eq!(
            length_with_room(&counts, 1),
            None,
            "complete, even the code of all ones"
        );
        let mut counts = [1; 16];
        assert_eq!(length_with_room(&counts, 1), None, "16 bits, one code left: all ones");
        counts[15] = 0;
        assert_eq!(length_with_room(&counts, 1), Some(16));
        assert_eq!(length_with_room(&counts, 2), None);
        assert_eq!(length_with_room(&[0; 16], 1), Some(1));
    }

    #[test]
    fn values_are_coded_as_the_standard_says() {
        for (value, expected) in [
            (0, (0, 0)),
            (1, (1, 1)),
            (-1, (1, 0)),
            (5, (3, 5)),
            (-5, (3, 2)),
            (-2047, (11, 0)),
        ] {
            assert_eq!((category(value), low_bits(value, category(value))), expected);
        }
    }
}
