//! Refusals that no filter sees, since no request is there: written by hand, without a `Server`
//! header, and the connection is closed behind them.

use std::time::Duration;

use pingora_core::Result;
use pingora_core::protocols::http::ServerSession;
use pingora_http::ResponseHeader;
use pingora_timeout::fast_timeout::fast_timeout;
use tokio::io::AsyncWriteExt;

use crate::front::conn::Conn;
use crate::front::malformed::Malformed;

/// How long a client is listened to after the answer: a reset would overtake it.
const LINGER: Duration = Duration::from_secs(2);

/// Tells a client of HTTP/1 why, and closes.
pub(super) async fn answer(mut conn: Box<Conn>, why: Malformed) {
    let (status, body) = (why.status(), why.body());
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len()
    );
    let told = async {
        conn.write_all(head.as_bytes()).await?;
        conn.write_all(&body).await?;
        conn.shutdown().await?;
        conn.swallow().await;
        std::io::Result::Ok(())
    };
    // Who does not listen is not told.
    let _ = fast_timeout(LINGER, told).await;
}

/// Tells it on a stream of HTTP/2, whose siblings are not concerned.
pub(super) async fn answer_h2(session: &mut ServerSession, why: Malformed) -> Result<()> {
    let body = why.body();
    let mut head = ResponseHeader::build(why.status(), Some(2))?;
    head.insert_header(http::header::CONTENT_TYPE, "application/json")?;
    head.insert_header(http::header::CONTENT_LENGTH, body.len())?;
    session.write_response_header(Box::new(head)).await?;
    session.write_response_body(body.into(), true).await
}
