//! The head of a lossy picture (VP8 key frame, RFC 6386): its size, and how coarse it is.

/// Bytes before the first partition of a key frame (section 9.1).
const HEAD: usize = 10;

/// Width and height in pixels, if this is a key frame that is shown and whose partitions lie within the data.
pub(super) fn size(data: &[u8]) -> Option<(u32, u32)> {
    let (head, partitions) = data.split_first_chunk::<HEAD>()?;
    let &[t0, t1, t2, 0x9D, 0x01, 0x2A, w0, w1, h0, h1] = head else {
        return None;
    };
    let tag = u32::from_le_bytes([t0, t1, t2, 0]);
    let (is_key_frame, is_shown) = (tag & 1 == 0, tag & 0x10 != 0);
    let side = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes) & 0x3FFF);
    let (width, height) = (side([w0, w1]), side([h0, h1]));
    let (first, others) = partitions.split_at_checked((tag >> 5) as usize)?;
    let header = Header::read(first);
    // Section 9.5: each partition but the last has a size of three bytes, all of them before the first.
    let (sizes, coefficients) = others.split_at_checked(3 * (header.partitions - 1))?;
    let (sizes, _) = sizes.as_chunks::<3>();
    let total: usize = sizes
        .iter()
        .map(|[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0]) as usize)
        .sum();
    let is_whole = is_key_frame && is_shown && total <= coefficients.len();
    (is_whole && width > 0 && height > 0).then_some((width, height))
}

/// The quantiser index (0–127, the lower the finer) that most of a picture has: the mean of its segments.
pub(super) fn quantiser(data: &[u8]) -> u8 {
    let tag = data
        .first_chunk()
        .map_or(0, |[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0]));
    let partitions = data.get(HEAD..).unwrap_or_default();
    let first = partitions.get(..(tag >> 5) as usize).unwrap_or_default();
    Header::read(first).quantiser
}

/// What the first partition starts with (section 9.2–9.6, 19.2).
struct Header {
    partitions: usize,
    quantiser: u8,
}

impl Header {
    fn read(first_partition: &[u8]) -> Self {
        let mut bits = BoolDecoder::new(first_partition);
        bits.literal(2); // colour space, clamping
        let mut segments = None;
        if bits.flag() {
            segments = read_segments(&mut bits);
        }
        bits.literal(1 + 6 + 3); // loop filter: kind, level, sharpness
        if bits.flag() && bits.flag() {
            bits.skip_optional(8);
        }
        let partitions = 1 << bits.literal(2);
        let base = bits.literal(7) as i32;
        let quantiser = match segments {
            None => base,
            Some(Segments { absolute: true, values }) => values.iter().sum::<i32>() / 4,
            Some(Segments { values, .. }) => base + values.iter().sum::<i32>() / 4,
        };
        Self {
            partitions,
            quantiser: quantiser.clamp(0, 127) as u8,
        }
    }
}

/// Quantisers of the four segments (section 9.3).
struct Segments {
    absolute: bool,
    values: [i32; 4],
}

fn read_segments(bits: &mut BoolDecoder) -> Option<Segments> {
    let (has_map, has_data) = (bits.flag(), bits.flag());
    let segments = has_data.then(|| {
        let absolute = bits.flag();
        let values = std::array::from_fn(|_| bits.optional(7).unwrap_or(0));
        bits.skip_optional(4); // loop filter levels
        Segments { absolute, values }
    });
    if has_map {
        for _ in 0..3 {
            if bits.flag() {
                bits.literal(8);
            }
        }
    }
    segments
}

/// The arithmetic decoder (section 7), for bits that are as likely as not.
struct BoolDecoder<'a> {
    rest: std::slice::Iter<'a, u8>,
    value: u32,
    range: u32,
    bit_count: u32,
}

impl<'a> BoolDecoder<'a> {
    fn new(data: &'a [u8]) -> Self {
        let mut decoder = Self {
            rest: data.iter(),
            value: 0,
            range: 255,
            bit_count: 0,
        };
        decoder.value = decoder.byte() << 8 | decoder.byte();
        decoder
    }

    /// Beyond the end there are zeros.
    fn byte(&mut self) -> u32 {
        self.rest.next().copied().map_or(0, u32::from)
    }

    fn flag(&mut self) -> bool {
        let split = 1 + (((self.range - 1) * 128) >> 8);
        let is_set = self.value >= split << 8;
        if is_set {
            self.range -= split;
            self.value -= split << 8;
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.value <<= 1;
            self.range <<= 1;
            self.bit_count += 1;
            if self.bit_count == 8 {
                self.bit_count = 0;
                self.value |= self.byte();
            }
        }
        is_set
    }

    fn literal(&mut self, bits: u32) -> u32 {
        (0..bits).fold(0, |number, _| number << 1 | u32::from(self.flag()))
    }

    /// A flag, and if it is set a number with its sign behind it.
    fn optional(&mut self, bits: u32) -> Option<i32> {
        self.flag().then(|| {
            let number = self.literal(bits) as i32;
            if self.flag() { -number } else { number }
        })
    }

    /// So many optional numbers of six bits.
    fn skip_optional(&mut self, count: usize) {
        for _ in 0..count {
            self.optional(6);
        }
    }
}
