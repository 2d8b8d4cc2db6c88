//! `farhand-agent`: see the library.
// Windows would open a console of its own for it otherwise, and one for each process that it starts.
#![windows_subsystem = "windows"]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use farhand_agent::log::Log;
use farhand_agent::start::Suggestion;
use farhand_agent::{blocked, fail, join, receipt, ui, update};

/// Farhand's program for the customer's computer.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

/// Seconds that a question waits.
const ANSWER_WITHIN: u16 = 60;

#[derive(Debug, Subcommand)]
enum Command {
    /// Joins a session by the code that a technician gave you. Nothing is seen or controlled before you allow it.
    ///
    /// Exit codes: 0 the session was ended by either side, 2 wrong command line, 3 the code is refused, 4 the service
    /// does not answer, 5 its certificate is not trusted, 6 no display or window, 7 the connection was lost, 8 the
    /// versions do not fit, 1 anything else.
    Join {
        /// Ten digits, such as 4821935710 or 482 193 5710, or what a link has behind its "#". The last four digits stay
        /// on this computer.
        #[arg(required = true, num_args = 1.., value_name = "CODE")]
        code: Vec<String>,
        /// Address of the service, such as https://help.example.org.
        #[arg(long, env = "FARHAND_SERVER")]
        server: String,
        /// SHA-256 of the service's certificate in hex: this certificate is trusted and no other.
        #[arg(long, env = "FARHAND_FINGERPRINT")]
        fingerprint: Option<String>,
        /// How events are written to standard error.
        #[arg(long, value_enum, default_value_t)]
        log: Log,
        /// Seconds that a question waits for your answer; silence means no.
        #[arg(long, default_value_t = ANSWER_WITHIN, value_parser = clap::value_parser!(u16).range(1..=300))]
        answer_within: u16,
    },
    /// Asks for a code in a window, as without any command.
    ///
    /// A link from the join page fills the window in. Nothing is sent before its button is pressed.
    Start {
        /// A link such as farhand:start/….
        link: Option<String>,
        /// How events are written to standard error.
        #[arg(long, value_enum, default_value_t)]
        log: Log,
        /// Seconds that a question waits for your answer; silence means no.
        #[arg(long, default_value_t = ANSWER_WITHIN, value_parser = clap::value_parser!(u16).range(1..=300))]
        answer_within: u16,
    },
    /// Receipts: what was asked, allowed and done in a session.
    Receipt {
        #[command(subcommand)]
        command: ReceiptCommand,
    },
    /// Technicians and organisations that may never ask on this computer again.
    Blocked {
        #[command(subcommand)]
        command: BlockedCommand,
    },
    /// Goes on with a session after this computer was restarted; started by the desktop.
    #[command(hide = true)]
    Resume {
        /// How events are written to standard error.
        #[arg(long, value_enum, default_value_t)]
        log: Log,
    },
    /// The window of a session; started by the program itself.
    #[command(hide = true)]
    Window,
    /// Lets go of held keys when a session is killed; started by the program itself.
    #[command(hide = true)]
    Keeper,
}

#[derive(Debug, Subcommand)]
enum ReceiptCommand {
    /// Checks a receipt, without a network, and shows what it says.
    ///
    /// Exit codes: 0 it is genuine, 9 it is not, 1 the file cannot be read, 2 wrong command line.
    Verify {
        /// The receipt.
        file: PathBuf,
        /// The number of another copy, such as the organisation's: the receipt must be that one, or go on from it.
        #[arg(long)]
        number: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum BlockedCommand {
    /// Shows them with their numbers.
    List,
    /// Lets one of them ask again.
    Remove {
        /// Their number in the list.
        number: usize,
    },
}

fn main() -> ExitCode {
    farhand_agent_host::console::attach();
    let begin = |link: Option<&str>, log: Log, answer_within: u16| {
        log.start();
        update::tidy();
        // Looked for in any case: of one whose time is over nothing stays.
        if let Some(found) = join::look_back(log).filter(|_| link.is_none()) {
            return join::back(found, log);
        }
        join::from_window(Suggestion::from_start(link), log, Duration::from_secs(answer_within.into()))
    };
    let Some(command) = Arguments::parse().command else {
        let link = farhand_agent_host::opened::address();
        return begin(link.as_deref(), Log::default(), ANSWER_WITHIN);
    };
    match command {
        Command::Start { link, log, answer_within } => begin(link.as_deref(), log, answer_within),
        Command::Join { code, server, fingerprint, log, answer_within } => {
            log.start();
            // Of an older session whose time is over nothing stays.
            let _ = join::look_back(log);
            let answer_within = Duration::from_secs(answer_within.into());
            join::main(&code.join(" "), &server, fingerprint.as_deref(), log, answer_within)
        }
        Command::Receipt { command: ReceiptCommand::Verify { file, number } } => {
            receipt::verify::main(&file, number.as_deref())
        }
        Command::Blocked { command: BlockedCommand::List } => blocked::list(),
        Command::Blocked { command: BlockedCommand::Remove { number } } => blocked::remove(number),
        Command::Resume { log } => {
            log.start();
            // Without a session nothing is shown: nobody has called for this program.
            join::look_back(log).map_or(ExitCode::SUCCESS, |found| join::back(found, log))
        }
        Command::Window => {
            Log::Text.start();
            report(ui::run())
        }
        Command::Keeper => {
            Log::Text.start();
            report(farhand_agent_host::keeper::run_keeper(std::io::stdin()).map(drop).map_err(Into::into))
        }
    }
}

fn report(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(fail::exit::DISPLAY)
        }
    }
}
