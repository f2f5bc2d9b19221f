#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = doorward::proxy::trial::short_request(bytes) {
        panic!("{what}");
    }
});
