//! Sentences about the whole installation.

sentences! {
    /// Whether set-up has been done.
    TENANTS = "SELECT COUNT(*) FROM tenants";
    /// Whether the file is sound.
    QUICK_CHECK = "PRAGMA quick_check(1)";
    /// Readers do not wait for the writer.
    WAL = "PRAGMA journal_mode = WAL";
    /// A commit is on the disk when it returns.
    SYNCHRONOUS = "PRAGMA synchronous = FULL";
    /// References are checked.
    FOREIGN_KEYS = "PRAGMA foreign_keys = ON";
}
