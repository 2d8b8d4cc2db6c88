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
    /// What is deleted is overwritten in the file.
    SECURE_DELETE = "PRAGMA secure_delete = ON";
    /// What was deleted leaves the write-ahead log too.
    CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)";
    /// Reads of one moment, in SQLite.
    SNAPSHOT = "BEGIN";
    /// Reads of one moment, in PostgreSQL.
    SNAPSHOT_POSTGRES = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    /// References are checked.
    FOREIGN_KEYS = "PRAGMA foreign_keys = ON";
}
