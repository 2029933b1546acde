//! Any bytes redacted in any way: what comes out is a whole photo, cleaned for good.
#![no_main]

use gatehouse_redact_fuzz::{Input, checks, mend_checksums};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(input) = Input::read(bytes) {
        checks::redact(&input);
    }
});

libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, max_size: usize, _seed: u32| {
    let size = libfuzzer_sys::fuzzer_mutate(bytes, size, max_size);
    mend_checksums(&mut bytes[..size]);
    size
});
