//! What was refused, and how often.

/// Counts of refused messages and effects. Nothing here names a person or holds content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that could not be read, on any stream.
    pub malformed: u64,
    /// Messages whose head names this agent, nobody, or another stream than they came on.
    pub wrong_sender: u64,
    /// Messages that came twice or after a newer one.
    pub out_of_order: u64,
    /// Messages missing before one that came.
    pub missing: u64,
    /// Messages over the limit of their stream.
    pub over_limit: u64,
    /// Asks and other remote inputs that consent refused.
    pub consent_refused: u64,
    /// Answers and buttons of the customer that consent refused, such as a click meant for an older prompt.
    pub local_refused: u64,
    /// Keys, buttons, wheel, text and pointer without the right to control.
    pub input_without_right: u64,
    /// The same, dropped because a prompt was shown.
    pub input_during_prompt: u64,
    /// The same, dropped because they would have struck something that is not shared or not seen.
    pub input_outside: u64,
    /// Keys that no keyboard has.
    pub unknown_keys: u64,
    /// Acknowledgements of frames that were never sent.
    pub impossible_acks: u64,
    /// Frames encoded and then not sent, because the right to view ended meanwhile.
    pub frames_withheld: u64,
    /// Times that the stream was opened again because no acknowledgement came.
    pub reopened: u64,
}
