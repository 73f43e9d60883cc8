//! The demo's gateway: the same one that `serve` runs, on a thread of this process, with a
//! configuration that has one of everything.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use inferlayer_accounts::TenantName;
use inferlayer_filter::Registration;
use inferlayer_ledger::{Keyring, VerifyingKey};
use tokio::net::TcpSocket;

use crate::cli::Failure;
use crate::cli::demo::steps::Tenant;
use crate::config::{Overrides, Source};
use crate::data_dir::DataDir;
use crate::operations::{CreateKey, Keys};
use crate::server::{self, Built, StartError};
use crate::state::{BooksError, Insist};
use crate::stop::{Signals, StopHandle};

const CONFIGURATION: &str = include_str!("gateway.yaml");

/// A running gateway.
pub(super) struct Gateway {
    pub(super) address: SocketAddr,
    keys: Vec<(Tenant, String)>,
    stop: StopHandle,
    thread: JoinHandle<Result<(), StartError>>,
    data_dir: DataDir,
    origin: String,
    _dead: TcpSocket,
}

impl Gateway {
    pub(super) fn start(
        folder: &Path,
        filters: &'static [Registration],
    ) -> Result<Gateway, Failure> {
        let dead = dead_port()?;
        let port = dead.local_addr()?.port().to_string();
        let yaml = CONFIGURATION.replace("$dead_port", &port);
        let data_dir = DataDir::at(folder);
        data_dir.create()?;
        let file = folder.join("gateway.yaml");
        std::fs::write(&file, yaml)?;
        let overrides = Overrides { data_dir: Some(folder.to_owned()), ..Overrides::default() };
        let source = Source { file: Some(file), overrides, filters };
        let config = source.config()?;
        let origin = config.ledger.origin.clone();
        let built = server::build(config, source, Insist::default())?;
        let address = built.listeners.http.address().ok_or_else(|| no_address("the listener"))?;
        let keys = create_keys(&built)?;
        let (signals, stop) = Signals::by_hand();
        let thread = std::thread::Builder::new().name("gateway".to_owned());
        let thread = thread.spawn(move || server::run(built, signals))?;
        Ok(Gateway { address, keys, stop, thread, data_dir, origin, _dead: dead })
    }

    /// The key of a tenant.
    pub(super) fn key(&self, tenant: Tenant) -> &str {
        self.keys.iter().find(|(of, _)| *of == tenant).map_or("", |(_, key)| key)
    }

    /// Stops it in good order; gives the key that its ledger is signed with.
    pub(super) fn stop(self) -> Result<VerifyingKey, Failure> {
        self.stop.stop();
        let ended = self.thread.join();
        ended.map_err(|_| Failure::Data("the gateway's thread failed".to_owned()))??;
        let keyring = Keyring::open(&self.data_dir.keys()).map_err(BooksError::Key)?;
        let origin = self.origin.parse().map_err(|error| Failure::Data(format!("{error}")))?;
        let signing = keyring.signing().map_err(BooksError::Key)?;
        signing.verifying_key(&origin).ok_or_else(|| no_address("the signing key"))
    }
}

fn create_keys(built: &Built) -> Result<Vec<(Tenant, String)>, Failure> {
    let books = &built.state.books;
    let keys = Keys::new(Arc::clone(&books.accounts), books.ledger.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let create = |tenant: Tenant| {
        let name = TenantName::try_from(tenant.name().to_owned());
        let name = name.map_err(|error| Failure::Data(error.to_string()))?;
        let (label, expires_in_days) = ("demo".to_owned(), Some(1));
        let asked = CreateKey { tenant: name, label, expires_in_days };
        Ok((tenant, runtime.block_on(keys.create(asked))?.key))
    };
    Tenant::ALL.into_iter().map(create).collect()
}

/// A port that nobody listens on: it is taken as long as the socket is kept.
fn dead_port() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok(socket)
}

fn no_address(what: &str) -> Failure {
    Failure::Data(format!("{what} cannot be read"))
}
