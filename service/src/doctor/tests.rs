use super::*;

#[test]
fn people_read_marks_and_what_to_do() {
    let text = as_text(&[
        Finding::good("Clock", "plausible"),
        Finding::bad("TCP port", "taken", "Stop the other program."),
        Finding::doubtful("Disk space", "little", "Make room."),
    ]);
    assert_eq!(
        text,
        "✓ Clock: plausible\n✗ TCP port: taken\n    → Stop the other program.\n! Disk space: little\n    → Make room.\n\
         One thing does not work.\n"
    );
}
