//! The audit log on the disk: what somebody with the database and without the key cannot do unnoticed.

use super::*;
use crate::audit::chain::Finding;
use crate::identity::random;

on_both!(
    chains_that_nobody_touched_are_sound,
    every_way_to_change_a_kept_entry_is_found,
    what_was_cut_off_is_found_even_after_more_is_written,
    a_chain_that_was_removed_as_a_whole_is_found,
    old_entries_go_and_the_chain_stays_sound,
    entries_are_filtered_and_paged,
    security_events_are_told,
    a_chain_ends_with_its_tenant,
);

fn row(n: u64, action: &str) -> AuditRow {
    AuditRow {
        at: n,
        actor: if n.is_multiple_of(2) { "user:ada".into() } else { "anonymous".into() },
        action: action.into(),
        session: (n.is_multiple_of(3)).then(|| format!("s{n}")),
        outcome: if n.is_multiple_of(5) { "wrong".into() } else { "ok".into() },
        address: format!("192.0.2.{n}"),
        detail: format!("detail {n}"),
        security: n.is_multiple_of(5),
    }
}

async fn write(world: &World, tenant: &str, numbers: std::ops::Range<u64>) {
    let rows = numbers.map(|n| Write::Audit(Tenant(tenant.into()), row(n, "sign_in"))).collect();
    world.store.write(rows).wait().await.unwrap();
}

/// What is found, by tenant.
async fn found(world: &World) -> Vec<(String, Vec<Finding>)> {
    let reports = world.store.verify_audit().await.unwrap();
    reports
        .into_iter()
        .filter(|one| !one.report.is_sound())
        .map(|one| (one.tenant.0, one.report.findings))
        .collect()
}

fn sound() -> Vec<(String, Vec<Finding>)> {
    Vec::new()
}

async fn chains_that_nobody_touched_are_sound(world: World) {
    assert_eq!(found(&world).await, sound());
    write(&world, "a", 1..40).await;
    write(&world, "b", 1..4).await;
    write(&world, "", 1..3).await;
    assert_eq!(found(&world).await, sound());
    let world = world.again().await;
    write(&world, "a", 40..45).await;
    assert_eq!(found(&world).await, sound());
    world.store.vault().rotate().unwrap();
    write(&world, "a", 45..50).await;
    assert_eq!(found(&world).await, sound());
    let reports = world.store.verify_audit().await.unwrap();
    let counts: Vec<_> = reports.iter().map(|r| (r.tenant.0.as_str(), r.report.entries)).collect();
    // The installation's own has two of its own and the beginnings of the two others.
    assert_eq!(counts, [("", 4), ("a", 49), ("b", 3)]);
    let entries = world.tenant("a").audit_entries(&AuditFilter::default(), 2).await.unwrap();
    assert_eq!(entries[0].row, row(49, "sign_in"));
    assert_eq!(entries[0].previous, entries[1].hash);
}

async fn every_way_to_change_a_kept_entry_is_found(world: World) {
    write(&world, "a", 1..31).await;
    write(&world, "b", 1..31).await;
    // Each with what puts it back.
    let columns =
        ["at", "security", "actor", "action", "session", "outcome", "address", "detail", "previous"];
    let mut dice: Vec<u8> = random::<64>().to_vec();
    world.attack("CREATE TABLE kept AS SELECT * FROM audit_entries").await;
    world.attack("CREATE TABLE kept_heads AS SELECT * FROM audit_heads").await;
    let mut attacks: Vec<String> = columns
        .iter()
        .map(|column| {
            let n = 1 + dice.pop().unwrap() % 29;
            let value = match *column {
                "at" => "at + 1000".to_owned(),
                "security" => "1 - security".to_owned(),
                "address" | "detail" | "previous" => format!(
                    "(SELECT k.{column} FROM kept k WHERE k.tenant = 'b' AND k.number = audit_entries.number)"
                ),
                _ => "'x'".to_owned(),
            };
            format!("UPDATE audit_entries SET {column} = {value} WHERE tenant = 'a' AND number = {n}")
        })
        .collect();
    let at = 1 + dice.pop().unwrap() % 29;
    attacks.extend([
        format!("DELETE FROM audit_entries WHERE tenant = 'a' AND number = {at}"),
        format!("DELETE FROM audit_entries WHERE tenant = 'a' AND number >= {at}"),
        format!("DELETE FROM audit_entries WHERE tenant = 'a' AND number <= {at}"),
        "DELETE FROM audit_entries WHERE tenant = 'a'".to_owned(),
        "UPDATE audit_entries SET number = -number WHERE tenant = 'a' AND number IN (3, 4); \
         UPDATE audit_entries SET number = 7 + number WHERE tenant = 'a' AND number < 0"
            .to_owned(),
        "UPDATE audit_entries SET number = 1000 WHERE tenant = 'a' AND number = 30".to_owned(),
        // Another tenant's chain under this name.
        "DELETE FROM audit_entries WHERE tenant = 'a'; DELETE FROM audit_heads WHERE tenant = 'a'; \
         UPDATE audit_entries SET tenant = 'a' WHERE tenant = 'b'; \
         UPDATE audit_heads SET tenant = 'a' WHERE tenant = 'b'"
            .to_owned(),
        format!("UPDATE audit_heads SET last_number = {at} WHERE tenant = 'a'"),
        "UPDATE audit_heads SET first_number = 5 WHERE tenant = 'a'".to_owned(),
        "UPDATE audit_heads SET mac = hash WHERE tenant = 'a'".to_owned(),
        "UPDATE audit_heads SET key_version = 9 WHERE tenant = 'a'".to_owned(),
        "DELETE FROM audit_heads WHERE tenant = 'a'".to_owned(),
        "DELETE FROM audit_heads WHERE tenant = ''".to_owned(),
        "DELETE FROM audit_entries WHERE tenant = ''".to_owned(),
    ]);
    assert_eq!(found(&world).await, sound());
    for attack in attacks {
        for sentence in attack.split("; ") {
            world.attack(sentence).await;
        }
        assert_ne!(found(&world).await, sound(), "not found: {attack}");
        for table in ["audit_entries", "audit_heads"] {
            let kept = if table == "audit_entries" { "kept" } else { "kept_heads" };
            world.attack(&format!("DELETE FROM {table}")).await;
            world.attack(&format!("INSERT INTO {table} SELECT * FROM {kept}")).await;
        }
        assert_eq!(found(&world).await, sound(), "put back after: {attack}");
    }
}

async fn what_was_cut_off_is_found_even_after_more_is_written(world: World) {
    write(&world, "a", 1..11).await;
    world.attack("CREATE TABLE older AS SELECT * FROM audit_heads WHERE tenant = 'a'").await;
    write(&world, "a", 11..21).await;
    // Back to a head that the service itself once vouched for.
    world.attack("DELETE FROM audit_entries WHERE tenant = 'a' AND number > 10").await;
    world.attack("DELETE FROM audit_heads WHERE tenant = 'a'").await;
    world.attack("INSERT INTO audit_heads SELECT * FROM older").await;
    write(&world, "a", 21..22).await;
    assert_eq!(found(&world).await, [("a".to_owned(), vec![Finding::FoundBroken { at: 11 }])]);
    // It stays so after more and after a restart.
    let world = world.again().await;
    write(&world, "a", 22..30).await;
    assert_eq!(found(&world).await, [("a".to_owned(), vec![Finding::FoundBroken { at: 11 }])]);
    // A forged head is not made right by writing on.
    write(&world, "b", 1..5).await;
    world.attack("UPDATE audit_heads SET last_number = 2 WHERE tenant = 'b'").await;
    world.attack("DELETE FROM audit_entries WHERE tenant = 'b' AND number > 2").await;
    write(&world, "b", 5..8).await;
    assert!(found(&world).await.iter().any(|(tenant, _)| tenant == "b"));
    // Nothing is let go of what was tampered with.
    assert_eq!(world.tenant("b").prune_audit(100).await.unwrap(), 0);
}

async fn a_chain_that_was_removed_as_a_whole_is_found(world: World) {
    world.tenant("a").create("A", &user("u", "a@example"), 1).await.unwrap();
    write(&world, "a", 1..5).await;
    write(&world, "b", 1..5).await;
    for table in ["audit_entries", "audit_heads"] {
        world.attack(&format!("DELETE FROM {table} WHERE tenant = 'b'")).await;
    }
    assert_eq!(found(&world).await, [("b".to_owned(), vec![Finding::NoHead])]);
    // Begun anew, it is still found.
    let world = world.again().await;
    write(&world, "b", 5..6).await;
    assert_eq!(found(&world).await, [("b".to_owned(), vec![Finding::NoHead])]);
    for table in ["audit_entries", "audit_heads"] {
        world.attack(&format!("DELETE FROM {table} WHERE tenant = ''")).await;
    }
    let world = world.again().await;
    write(&world, "", 5..6).await;
    let found = found(&world).await;
    assert!(found.contains(&(String::new(), vec![Finding::FoundBroken { at: 1 }])), "{found:?}");
}

async fn old_entries_go_and_the_chain_stays_sound(world: World) {
    write(&world, "a", 1..31).await;
    assert_eq!(world.tenant("a").prune_audit(11).await.unwrap(), 10);
    assert_eq!(found(&world).await, sound());
    assert_eq!(world.tenant("a").audit_rows(100).await.unwrap().len(), 20);
    write(&world, "a", 31..35).await;
    assert_eq!(found(&world).await, sound());
    assert_eq!(world.tenant("a").prune_audit(1_000).await.unwrap(), 24);
    assert_eq!(found(&world).await, sound());
    assert_eq!(world.tenant("a").prune_audit(1_000).await.unwrap(), 0);
    write(&world, "a", 35..37).await;
    // The installation's own forgets who began when, and still knows who did.
    write(&world, "b", 1..3).await;
    write(&world, "", 100..110).await;
    assert!(world.store.prune_own_audit(105, 110).await.unwrap() > 5);
    assert_eq!(found(&world).await, sound());
    for table in ["audit_entries", "audit_heads"] {
        world.attack(&format!("DELETE FROM {table} WHERE tenant = 'b'")).await;
    }
    assert_eq!(found(&world).await, [("b".to_owned(), vec![Finding::NoHead])]);
}

async fn entries_are_filtered_and_paged(world: World) {
    write(&world, "a", 1..31).await;
    let tenant = world.tenant("a");
    let numbers = async |filter: AuditFilter, at_most| {
        let entries = tenant.audit_entries(&filter, at_most).await.unwrap();
        entries.into_iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    let all = AuditFilter::default();
    assert_eq!(numbers(all.clone(), 3).await, [30, 29, 28]);
    assert_eq!(numbers(AuditFilter { before: Some(28), ..all.clone() }, 3).await, [27, 26, 25]);
    assert_eq!(numbers(AuditFilter { since: Some(4), until: Some(7), ..all.clone() }, 9).await, [6, 5, 4]);
    let user = AuditFilter { actor: Some("user:ada".into()), until: Some(6), ..all.clone() };
    assert_eq!(numbers(user, 9).await, [4, 2]);
    assert_eq!(numbers(AuditFilter { session: Some("s9".into()), ..all.clone() }, 9).await, [9]);
    assert_eq!(numbers(AuditFilter { security: true, ..all.clone() }, 2).await, [30, 25]);
    assert_eq!(numbers(AuditFilter { outcome: Some("wrong".into()), ..all.clone() }, 1).await, [30]);
    assert!(numbers(AuditFilter { action: Some("x' OR '1'='1".into()), ..all }, 9).await.is_empty());
    let events = tenant.security_events_after(10, 2).await.unwrap();
    assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), [15, 20]);
}

async fn security_events_are_told(world: World) {
    write(&world, "a", 1..5).await;
    write(&world, "a", 5..6).await;
    let told = world.store.security_events().notified();
    tokio::time::timeout(std::time::Duration::from_secs(20), told).await.unwrap();
}

async fn a_chain_ends_with_its_tenant(world: World) {
    write(&world, "a", 1..5).await;
    world.store.write(vec![Write::EndAudit(Tenant("a".into()), 9)]).wait().await.unwrap();
    assert_eq!(found(&world).await, sound());
    assert!(world.tenant("a").audit_rows(9).await.unwrap().is_empty());
    let own = world.tenant("").audit_rows(1).await.unwrap();
    assert_eq!((own[0].action.as_str(), own[0].detail.as_str()), ("audit_chain_end", "a"));
    write(&world, "a", 1..5).await;
    assert_eq!(found(&world).await, sound(), "a new one may begin");
}
