//! Looking up names of others: by the machine's resolver, or by the one DNS server that the configuration names. Nothing
//! is remembered: whoever has just mended a record is answered by what stands there now.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

/// A look takes at most this long.
const WITHIN: Duration = Duration::from_secs(8);
/// Records of one name that are read.
const MAX_RECORDS: usize = 50;

/// Looks names up. Cheap to clone.
#[derive(Clone)]
pub struct Names(Source);

#[derive(Clone)]
enum Source {
    /// The machine's resolver; `None` where no DNS server is set up, so that there are no records but addresses.
    Machine(Option<Arc<TokioResolver>>),
    /// One server.
    Server(Arc<TokioResolver>),
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names(..)")
    }
}

/// The other side could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no DNS server answered")]
pub struct Unanswered;

impl Names {
    /// By this server, or as the machine does. Nothing is asked before it is needed.
    #[must_use]
    pub fn new(server: Option<SocketAddr>) -> Self {
        Self(match server {
            Some(server) => Source::Server(Arc::new(of_server(server))),
            None => Source::Machine(of_machine().map(Arc::new)),
        })
    }

    /// The texts of a name's TXT records. None is no error.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        let resolver = match &self.0 {
            Source::Server(resolver) | Source::Machine(Some(resolver)) => resolver,
            Source::Machine(None) => return Err(Unanswered),
        };
        match tokio::time::timeout(WITHIN, resolver.txt_lookup(whole(name))).await {
            Ok(Ok(lookup)) => Ok(lookup
                .answers()
                .iter()
                .take(MAX_RECORDS)
                .filter_map(|record| {
                    let RData::TXT(txt) = &record.data else { return None };
                    Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect())
                })
                .collect()),
            Ok(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => Ok(Vec::new()),
            Ok(Err(_)) | Err(_) => Err(Unanswered),
        }
    }

    /// The addresses of a host.
    ///
    /// # Errors
    /// When nobody answers, or there is no such host.
    pub async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match &self.0 {
            Source::Machine(_) => Ok(tokio::net::lookup_host((host, 0)).await?.map(|at| at.ip()).collect()),
            Source::Server(resolver) => {
                let found = tokio::time::timeout(WITHIN, resolver.lookup_ip(whole(host))).await;
                let found = found.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
                Ok(found.map_err(io::Error::other)?.iter().take(MAX_RECORDS).collect())
            }
        }
    }
}

/// With its dot: no search list is tried.
fn whole(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn of_machine() -> Option<TokioResolver> {
    let built = TokioResolver::builder_tokio().and_then(|mut builder| {
        builder.options_mut().cache_size = 0;
        builder.build()
    });
    built
        .inspect_err(|error| {
            tracing::warn!(%error, "no DNS server is set up, so domains cannot be verified by TXT records");
        })
        .ok()
}

fn of_server(server: SocketAddr) -> TokioResolver {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = 0;
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build().expect("a resolver without TLS needs nothing that could be missing")
}
