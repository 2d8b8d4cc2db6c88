//! Checks of this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use x509_parser::extensions::GeneralName;

use super::Finding;
use super::remote::{self, Known};
use crate::config::{CertificateSource, Config};
use crate::store::{FILE, Store};
use crate::tls::{CERTIFICATE_FILE, Identity, KEY_FILE, acme};

/// Free space below this is doubtful, and below a tenth of it bad.
const ROOM: u64 = 1024 * 1024 * 1024;
/// 2026-01-01: the clock cannot be before this program was written.
const WRITTEN: Duration = Duration::from_secs(1_767_225_600);
/// A certificate that ends within this time should be renewed.
const RENEW: i64 = 14 * 24 * 60 * 60;

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings =
        vec![folder(&config.data), space(&config.data), database(&config.data).await, clock(&config.data)];
    let identity = certificate(config, &mut findings);
    let running = match &identity {
        Some(identity) => {
            remote::ask(&near(config.listen), &Known::Fingerprint(identity.fingerprint.clone())).await.ok()
        }
        None => None,
    };
    findings.push(tcp(config.listen, running.is_some()));
    let media = running.as_ref().and_then(|info| info.media_port);
    let told = config.media_public_port.unwrap_or(config.media.port());
    findings.push(udp(config.media, media == Some(told)));
    if let Some(info) = running {
        let address = SocketAddr::new(near_ip(config.media.ip()), config.media.port());
        findings.push(remote::quic(address, &info.media_certificate_sha256).await);
    }
    findings
}

fn folder(data: &Path) -> Finding {
    const CHECK: &str = "Data folder";
    let shown = data.display();
    if !data.exists() {
        let above =
            data.ancestors().skip(1).find(|p| p.exists() || p.as_os_str().is_empty()).map(Path::to_owned);
        return match above.map(probe) {
            Some(Ok(())) => {
                Finding::good(CHECK, format!("{shown} is not there yet; the first start makes it"))
            }
            Some(Err(e)) => Finding::bad(
                CHECK,
                format!("{shown} is not there and cannot be made: {e}"),
                "Give this user the right to make it, or name another folder with --data.",
            ),
            None => {
                Finding::bad(CHECK, format!("{shown} cannot be made"), "Name another folder with --data.")
            }
        };
    }
    if let Err(e) = probe(data.to_owned()) {
        return Finding::bad(
            CHECK,
            format!("{shown} cannot be written: {e}"),
            "Give this user the right to write there, or name another folder with --data.",
        );
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = |path: &Path| std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0);
        if let Some(key) = [data.join(KEY_FILE)].into_iter().find(|key| open(key)) {
            return Finding::bad(
                CHECK,
                format!("{} can be read by other users of this machine", key.display()),
                format!("Take that right away: chmod 600 {}", key.display()),
            );
        }
        if open(data) {
            return Finding::doubtful(
                CHECK,
                format!("{shown} can be read by other users of this machine"),
                format!("Take that right away: chmod 700 {shown}"),
            );
        }
    }
    Finding::good(CHECK, format!("{shown} can be written"))
}

fn probe(folder: PathBuf) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let path = folder.join(format!(".farhand-doctor-{}", crate::identity::random_id(6)));
    std::fs::File::options().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)
}

fn space(data: &Path) -> Finding {
    const CHECK: &str = "Disk space";
    let there = data.ancestors().find(|p| p.exists()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    match rustix::fs::statvfs(there) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MB free", free / (1024 * 1024));
            match free {
                _ if free < ROOM / 10 => Finding::bad(
                    CHECK,
                    found,
                    "The database cannot grow any more. Make room on the disk of the data folder.",
                ),
                _ if free < ROOM => {
                    Finding::doubtful(CHECK, found, "Make room on the disk of the data folder soon.")
                }
                _ => Finding::good(CHECK, found),
            }
        }
        Err(e) => Finding::doubtful(
            CHECK,
            format!("it cannot be told: {e}"),
            "Look at the disk of the data folder yourself.",
        ),
    }
}

async fn database(data: &Path) -> Finding {
    const CHECK: &str = "Database";
    if !data.join(FILE).exists() {
        return Finding::good(CHECK, "there is none yet; the first start makes it");
    }
    match Store::examine(data).await {
        Ok(None) => Finding::good(CHECK, "sound"),
        Ok(Some(damage)) => Finding::bad(
            CHECK,
            format!("damaged: {damage}"),
            "Stop the service, put the damaged file aside and restore the last good copy. Check the disk.",
        ),
        Err(error) => Finding::bad(CHECK, "it cannot be opened", error.to_string()),
    }
}

/// Without asking anybody on the network: the clock is not before this program, no file of ours is from the future,
/// and both clocks of the machine agree on how long a moment is.
fn clock(data: &Path) -> Finding {
    const CHECK: &str = "Clock";
    const REMEDY: &str = "Set the clock, and let the operating system keep it right (NTP).";
    let now = SystemTime::now();
    if now.duration_since(UNIX_EPOCH).unwrap_or_default() < WRITTEN {
        return Finding::bad(CHECK, "it is before this program was written", REMEDY);
    }
    let newest = std::fs::read_dir(data)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok())
        .max();
    if let Some(ahead) =
        newest.and_then(|newest| newest.duration_since(now).ok()).filter(|a| a.as_secs() > 60)
    {
        return Finding::bad(
            CHECK,
            format!(
                "files of the data folder were written {} minutes from now",
                ahead.as_secs().div_ceil(60)
            ),
            REMEDY,
        );
    }
    let (wall, steady) = (SystemTime::now(), Instant::now());
    std::thread::sleep(Duration::from_millis(20));
    let wall = wall.elapsed().unwrap_or_default();
    let apart = wall.abs_diff(steady.elapsed());
    if apart > Duration::from_secs(1) {
        return Finding::bad(CHECK, "it jumps", REMEDY);
    }
    Finding::good(CHECK, "plausible")
}

fn certificate(config: &Config, findings: &mut Vec<Finding>) -> Option<Identity> {
    const CHECK: &str = "Certificate";
    let loaded = match &config.certificate {
        CertificateSource::SelfSigned => {
            let (certificate, key) = (config.data.join(CERTIFICATE_FILE), config.data.join(KEY_FILE));
            if !certificate.exists() && !key.exists() {
                findings
                    .push(Finding::good(CHECK, "there is none yet; the first start makes a self-signed one"));
                return None;
            }
            Identity::read(&certificate, &key, true)
        }
        CertificateSource::Files { certificate, key } => Identity::read(certificate, key, false),
        CertificateSource::Acme(_) => {
            let (certificate, key) =
                (config.data.join(acme::CERTIFICATE_FILE), config.data.join(acme::KEY_FILE));
            if !certificate.exists() && !key.exists() {
                findings.push(Finding::good(
                    CHECK,
                    "there is none yet; the authority is asked for one when the service starts",
                ));
                return None;
            }
            Identity::read(&certificate, &key, false)
        }
    };
    let identity = match loaded.and_then(|identity| identity.server_config().map(|_| identity)) {
        Ok(identity) => identity,
        Err(error) => {
            findings.push(Finding::bad(CHECK, "it cannot be used", error.to_string()));
            return None;
        }
    };
    findings.push(validity(&identity, config.public_url.as_ref().map(|url| url.host.as_str())));
    Some(identity)
}

fn validity(identity: &Identity, public: Option<&str>) -> Finding {
    const CHECK: &str = "Certificate";
    let renew = if identity.self_signed {
        format!(
            "Remove {} and {} and start again; agents and browsers must then be told the new fingerprint.",
            identity.certificate_file.display(),
            identity.key_file.display()
        )
    } else {
        "Put a renewed certificate in place and restart the service.".to_owned()
    };
    let own = identity.chain.first().map(|der| x509_parser::parse_x509_certificate(der));
    let Some(Ok((_, certificate))) = own else {
        return Finding::bad(CHECK, "it cannot be read", renew);
    };
    let valid = certificate.validity();
    let now = x509_parser::time::ASN1Time::now();
    if now < valid.not_before {
        return Finding::bad(
            CHECK,
            format!("it is valid only from {}", valid.not_before),
            "Check the clock, or wait.",
        );
    }
    if now > valid.not_after {
        return Finding::bad(CHECK, format!("it ended on {}", valid.not_after), renew);
    }
    let names: Vec<String> = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|names| names.value.general_names.iter().filter_map(name).collect())
        .unwrap_or_default();
    if let Some(public) = public.filter(|public| !names.iter().any(|name| covers(name, public))) {
        return Finding::bad(CHECK, format!("it is made for {}, not for {public}", names.join(", ")), renew);
    }
    if valid.not_after.timestamp() - now.timestamp() < RENEW {
        return Finding::doubtful(CHECK, format!("it ends on {}", valid.not_after), renew);
    }
    let kind = if identity.self_signed { "self-signed" } else { "from a file" };
    Finding::good(
        CHECK,
        format!(
            "{kind}, for {}, until {}, fingerprint {}",
            names.join(", "),
            valid.not_after,
            identity.fingerprint
        ),
    )
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(|b| IpAddr::V4(Ipv4Addr::from(b)))
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(|b| IpAddr::V6(Ipv6Addr::from(b))))
            .map(|ip| ip.to_string())
            .ok(),
        _ => None,
    }
}

/// Whether a name of a certificate stands for a host; `*.` covers one label.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest)),
        None => name.eq_ignore_ascii_case(host),
    }
}

fn tcp(address: SocketAddr, ours: bool) -> Finding {
    const CHECK: &str = "TCP port";
    match TcpListener::bind(address) {
        _ if ours => Finding::good(CHECK, format!("{address} is served by the running service")),
        Ok(_) => Finding::good(CHECK, format!("{address} is free")),
        Err(e) => Finding::bad(
            CHECK,
            format!("{address} cannot be opened: {e}"),
            "Stop the program that has it, or name another port with --listen.",
        ),
    }
}

fn udp(address: SocketAddr, ours: bool) -> Finding {
    const CHECK: &str = "UDP port";
    match UdpSocket::bind(address) {
        _ if ours => Finding::good(CHECK, format!("{address} is served by the running service")),
        Ok(_) => Finding::good(CHECK, format!("{address} is free")),
        Err(e) => Finding::bad(
            CHECK,
            format!("{address} cannot be opened: {e}"),
            "Stop the program that has it, or name another port with --media.",
        ),
    }
}

fn near(address: SocketAddr) -> String {
    let host = near_ip(address.ip());
    crate::config::PublicUrl { host: host.to_string(), port: address.port() }.origin()
}

fn near_ip(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_one_label() {
        assert!(covers("a.example", "A.example"));
        assert!(covers("*.example", "a.example"));
        assert!(!covers("*.example", "a.b.example"));
        assert!(!covers("*.example", "example"));
    }
}
