//! A provider that costs next to nothing: one thread, answers prepared in advance, every event of
//! a stream written by itself, as a model writes tokens.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use inferlayer_compare::chat;
use inferlayer_compare::http1::{Connection, Http1Error};
use tokio::net::{TcpSocket, TcpStream};

/// Answers `POST /v1/chat/completions`.
#[derive(Parser)]
struct Arguments {
    /// Where proxies connect.
    #[arg(long)]
    listen: SocketAddr,
    /// Milliseconds between the events of a stream; 0 writes as fast as the socket takes them.
    #[arg(long, default_value_t = 0)]
    pace_ms: u64,
}

struct Answers {
    json: Vec<u8>,
    stream: Vec<Vec<u8>>,
    pace: Duration,
}

enum Asked {
    Json,
    Stream,
    Unknown,
}

const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let answers = Arc::new(Answers {
        json: chat::json_response(),
        stream: chat::stream_chunks(),
        pace: Duration::from_millis(arguments.pace_ms),
    });
    // Proxies connect for a thousand streams at once.
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(arguments.listen)?;
    let listener = socket.listen(4096)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A proxy that goes away ends its connection's task; there is nobody to tell.
        tokio::spawn(serve(stream, Arc::clone(&answers)));
    }
}

async fn serve(stream: TcpStream, answers: Arc<Answers>) -> Result<(), Http1Error> {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.read_message().await? {
        match Asked::by(request.head, request.body) {
            Asked::Json => connection.write(&answers.json).await?,
            Asked::Stream => answers.write_stream(&mut connection).await?,
            Asked::Unknown => connection.write(NOT_FOUND).await?,
        }
    }
    Ok(())
}

impl Asked {
    fn by(head: &[u8], body: &[u8]) -> Asked {
        match head.starts_with(b"POST /v1/chat/completions ") {
            false => Asked::Unknown,
            true if chat::asks_for_stream(body) => Asked::Stream,
            true => Asked::Json,
        }
    }
}

impl Answers {
    async fn write_stream(&self, to: &mut Connection<TcpStream>) -> Result<(), Http1Error> {
        to.write(chat::STREAM_HEAD).await?;
        for event in &self.stream {
            if !self.pace.is_zero() {
                tokio::time::sleep(self.pace).await;
            }
            to.write(event).await?;
        }
        to.write(chat::LAST_CHUNK).await
    }
}
