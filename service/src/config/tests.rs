use super::*;

fn read(flags: Flags, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(flags, environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn file(text: &str) -> (tempfile::TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("farhand.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Flags { config: Some(path), ..Flags::default() })
}

#[test]
fn defaults_are_the_documented_ones() {
    let config = read(Flags::default(), &[]).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:8443");
    assert_eq!(config.media.to_string(), "0.0.0.0:15000");
    assert_eq!(config.metrics.unwrap().to_string(), "127.0.0.1:9464");
    assert_eq!(config.certificate, CertificateSource::SelfSigned);
    assert!(!config.demo);
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let (_folder, flags) =
        file("listen = \"127.0.0.1:1\"\nmedia = \"127.0.0.1:2\"\nmetrics = \"off\"\nmax_connections = 7");
    let flags = Flags { listen: Some("127.0.0.1:11".into()), ..flags };
    let config =
        read(flags, &[("FARHAND_LISTEN", "127.0.0.1:12"), ("FARHAND_MEDIA", "127.0.0.1:13")]).unwrap();
    assert_eq!(config.listen.port(), 11);
    assert_eq!(config.media.port(), 13);
    assert_eq!(config.metrics, None);
    assert_eq!(config.max_connections, 7);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    let (_folder, flags) = file("lisen = \"127.0.0.1:1\"");
    let said = read(flags, &[]).unwrap_err().to_string();
    assert!(said.contains("\"lisen\"") && said.contains("did you mean \"listen\"?"), "{said}");
    let (_folder, flags) = file("xyzzy = 1");
    let said = read(flags, &[]).unwrap_err().to_string();
    assert!(said.contains("\"xyzzy\"") && !said.contains("did you mean"), "{said}");
    let said = read(Flags::default(), &[("FARHAND_LISTN", "1")]).unwrap_err().to_string();
    assert!(said.contains("did you mean FARHAND_LISTEN?"), "{said}");
    assert!(
        read(
            Flags::default(),
            &[
                ("FARHAND_SERVER", "https://x"),
                ("FARHAND_FINGERPRINT", "00"),
                ("FARHAND_BINARIES", "x"),
                ("FARHAND_AGENT_LOG", "debug"),
                ("FARHAND_CONSOLE_DATA", "x"),
                ("FARHAND_CONSOLE_PAINTING", "x"),
                ("FARHAND_COLOUR_SCHEME", "dark"),
                ("FARHAND_CLIPBOARD", "x"),
                ("FARHAND_TERMINAL", "x"),
                ("FARHAND_SHOTS", "x"),
                ("FARHAND_WRITE_BINDINGS", "1"),
                ("FARHAND_KEEP_LOGS", "1"),
                ("FARHAND_ROOT_KEY", "1:00"),
                ("FARHAND_REQUIRE_POSTGRES", "1"),
                ("FARHAND_REQUIRE_PEBBLE", "1"),
                ("FARHAND_REQUIRE_WAYLAND", "1"),
                ("FARHAND_SSLYZE", "sslyze")
            ]
        )
        .is_ok()
    );
}

#[test]
fn every_wrong_value_is_a_sentence_that_names_its_place() {
    let cases = [
        ("FARHAND_LISTEN", "localhost", "an address and a port"),
        ("FARHAND_MEDIA", "1.2.3.4:99999", "an address and a port"),
        ("FARHAND_METRICS", "0.0.0.0:9464", "loopback"),
        ("FARHAND_DEMO", "maybe", "true or false"),
        ("FARHAND_LOG", "xml", "text or json"),
        ("FARHAND_MAX_CONNECTIONS", "0", "at least 1"),
        ("FARHAND_PUBLIC_URL", "http://x", "https address"),
        ("FARHAND_ACME", "somebody", "letsencrypt"),
        ("FARHAND_ALERT_WEBHOOK", "http://x", "https address"),
        ("FARHAND_DNS", "dns.example.org", "an address and a port"),
        ("FARHAND_PUBLIC_URL", "https://x/path", "https address"),
        ("FARHAND_PUBLIC_URL", "https://u@x", "https address"),
    ];
    for (name, value, expected) in cases {
        let said = read(Flags::default(), &[(name, value)]).unwrap_err().to_string();
        assert!(said.contains(name) && said.contains(expected), "{name}={value}: {said}");
    }
    assert!(read(Flags { certificate: Some("a".into()), ..Flags::default() }, &[]).is_err());
    let (_folder, flags) = file("listen = [1]");
    assert!(read(flags, &[]).unwrap_err().to_string().contains("farhand.toml"));
    let (_folder, flags) = file("listen = ");
    assert!(read(flags, &[]).unwrap_err().to_string().contains("not valid TOML"));
}

#[test]
fn public_urls_become_origins() {
    let origin = |text: &str| public_url(text).unwrap().origin();
    assert_eq!(origin("https://Support.Example.org/"), "https://support.example.org");
    assert_eq!(origin("https://support.example.org:8443"), "https://support.example.org:8443");
    assert_eq!(origin("https://[::1]:8443"), "https://[::1]:8443");
}

#[test]
fn every_key_is_a_flag_of_the_same_name() {
    use clap::{Args as _, Command};
    let command = Flags::augment_args(Command::new("serve"));
    for key in Key::ALL {
        let flag = key.name().replace('_', "-");
        assert!(command.get_arguments().any(|a| a.get_long() == Some(&flag)), "--{flag}");
        assert_eq!(Key::from_name(key.name()), Some(key));
    }
    assert_eq!(command.get_arguments().count(), Key::ALL.len() + 1);
}

#[test]
fn an_authority_needs_a_name_and_excludes_files() {
    let named = ("FARHAND_PUBLIC_URL", "https://support.example.org");
    let acme = ("FARHAND_ACME", "letsencrypt");
    let CertificateSource::Acme(settings) = read(Flags::default(), &[named, acme]).unwrap().certificate
    else {
        panic!("the authority is asked");
    };
    assert_eq!(settings.host, "support.example.org");
    assert!(settings.directory.starts_with("https://acme-v02.api.letsencrypt.org/"));
    let own = ("FARHAND_ACME", "https://ca.example.org/directory");
    assert!(read(Flags::default(), &[named, own, ("FARHAND_ACME_ROOT", "root.pem")]).is_ok());
    for (environment, expected) in [
        (vec![acme], "public_url"),
        (vec![acme, ("FARHAND_PUBLIC_URL", "https://192.0.2.1")], "host name"),
        (vec![acme, named, ("FARHAND_CERTIFICATE", "a"), ("FARHAND_CERTIFICATE_KEY", "b")], "exclude"),
        (vec![("FARHAND_ACME_CONTACT", "a@b")], "belong to acme"),
    ] {
        let said = read(Flags::default(), &environment).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}
