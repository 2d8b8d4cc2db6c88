//! The project's own commands: `cargo xtask run | test | ci | tidy | bench | vectors | wasm | dist | setup`.
#![forbid(unsafe_code)]

mod ahead;
mod bench;
mod counts;
mod dist;
mod macos;
mod place;
mod run;
mod setup;
mod shell;
mod test;
mod tidy;
mod vectors;
mod wasm;
mod windows;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  run [--port N]        build everything, start the service with a demo organisation and a demo
                        customer's computer, and say where to sign in; Ctrl-C ends it all
  test [STAGE…]         every check and test, or only the named stages; see `cargo xtask test --list`
  ci                    test, and then that nothing in the tree was changed by it
  tidy                  the rules of ARCHITECTURE.md that a program can check
  bench [OPTION…]       measure what a technician feels; see `cargo xtask bench --help`
  vectors [--check]     write the golden vectors and the TypeScript types, or check that they are current
  wasm                  build the browser's decoder
  dist [OPTION…]        make what is handed out, and sign it; see `cargo xtask dist --help`
  setup                 install what the other commands need, and say so
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome = match command {
        "run" => run::run(rest),
        "test" => test::test(rest),
        "ci" => test::ci(),
        // For `test` itself: a stage that is begun before its turn.
        "ahead" => test::ahead(rest),
        "tidy" => tidy::run(),
        "bench" => bench::run(rest),
        "vectors" => vectors::run(rest),
        "dist" => dist::run(rest),
        "wasm" => wasm::run(),
        "setup" => setup::for_tests(),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => {
            eprint!("`{other}` is no command here.\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
