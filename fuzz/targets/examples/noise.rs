//! Runs a target on random bytes for some seconds, without instrumentation: for targets that take long to build for a
//! fuzzer. `cargo run -p farhand-fuzz-targets --features hub --example noise -- hub 30`

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use farhand_fuzz_targets::TARGETS;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().ok_or("usage: noise <target> <seconds> [seed]")?;
    let seconds = arguments.next().ok_or("usage: noise <target> <seconds> [seed]")?.parse()?;
    let mut state: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).ok_or("there is no such target")?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut runs = 0u64;
    let mut bytes = Vec::new();
    while Instant::now() < until {
        // A crash is found again by its seed.
        let seed = state;
        bytes.clear();
        for at in 0..seed % 2000 {
            let byte = splitmix(&mut state);
            // Small values name what exists.
            bytes.push(if at % 2 == 0 { byte as u8 } else { (byte % 12) as u8 });
        }
        if std::panic::catch_unwind(|| target(&bytes)).is_err() {
            return Err(format!("{name} fails with seed {seed}, after {runs} runs").into());
        }
        runs += 1;
        splitmix(&mut state);
    }
    println!("{name}: {runs} runs");
    Ok(())
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
