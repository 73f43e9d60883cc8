//! The syslog sink: each checkpoint is one message to the collector that the operator already has.
//!
//! Of UDP and a local socket no more is known than that the message was sent. Over TCP the end of
//! the stream is told and the collector's own awaited for a moment, so that a reset is noticed.

use std::io;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use inferlayer_ledger::Ledger;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, UnixDatagram, lookup_host};
use tokio::time::timeout;

use crate::anchor::rfc5424::{self, Sender};
use crate::anchor::sink::{Note, SendError, Sink};
use crate::config::{SyslogAddress, SyslogSettings};

/// Sends notes to a collector.
pub(crate) struct Syslog {
    address: SyslogAddress,
    sender: Sender,
    ledger: Ledger,
}

/// How long a collector may take to close a connection that was ended.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

impl Syslog {
    pub(crate) fn new(settings: &SyslogSettings, ledger: &Ledger) -> Syslog {
        let sender = Sender {
            facility: settings.facility,
            host: host(),
            app_name: settings.app_name.clone(),
            process_id: std::process::id(),
            origin: ledger.key().origin().to_string(),
            log_id: ledger.log_id(),
        };
        Syslog { address: settings.address.clone(), sender, ledger: ledger.clone() }
    }
}

#[async_trait]
impl Sink for Syslog {
    async fn send(&self, note: &Note) -> Result<(), SendError> {
        let message = rfc5424::message(&self.sender, note, self.ledger.now_us());
        match &self.address {
            SyslogAddress::Udp(address) => send_udp(address, message.as_bytes()).await,
            SyslogAddress::Tcp(address) => Ok(send_tcp(address, message.as_bytes()).await?),
            SyslogAddress::Unix(path) => Ok(send_unix(path, message.as_bytes()).await?),
        }
    }
}

async fn send_udp(address: &str, message: &[u8]) -> Result<(), SendError> {
    let unresolved = || SendError::Unresolved(address.to_owned());
    let peer = lookup_host(address).await.map_err(|_| unresolved())?.next();
    let peer = peer.ok_or_else(unresolved)?;
    let any = if peer.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.send_to(message, peer).await?;
    Ok(())
}

/// RFC 6587 §3.4.1: the message's length, a space, the message.
async fn send_tcp(address: &str, message: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let mut frame = format!("{} ", message.len()).into_bytes();
    frame.extend_from_slice(message);
    stream.write_all(&frame).await?;
    stream.shutdown().await?;
    // Whatever it says is passed over; one that says nothing has the message all the same.
    match timeout(FAREWELL_WITHIN, stream.read(&mut [0; 64])).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

async fn send_unix(path: &Path, message: &[u8]) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to(message, path).await?;
    Ok(())
}

/// This machine's name, by the kernel or by its file where a sandbox hides the kernel's; `-` when
/// there is none that a message can carry.
fn host() -> String {
    let names = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let mut names = names.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    let fits = |name: &str| {
        (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let name = names.find_map(|name| Some(name.trim().to_owned()).filter(|name| fits(name)));
    name.unwrap_or_else(|| "-".to_owned())
}
