//! That the trait has room for what providers ask for: a signature over the whole request, held
//! against the vectors that AWS publishes for Signature Version 4, and a token that is fetched
//! anew before it is over.

use std::sync::Mutex;

use ring::{digest, hmac};

use super::*;

const DATE: &str = "20150830T123600Z";
const SCOPE: [&str; 4] = ["20150830", "us-east-1", "service", "aws4_request"];
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Signature Version 4 at a fixed time.
struct SigV4;

#[async_trait]
impl Credential for SigV4 {
    async fn put_on(&self, request: &mut Unsigned<'_>) -> Result<Arc<Exposed>, CredentialError> {
        let body = request.body.ok_or(CredentialError::Unfit)?;
        request.headers.insert("x-amz-date", HeaderValue::from_static(DATE));
        let mut headers: Vec<(&str, &str)> = vec![("host", &request.base_url.authority)];
        let told = request.headers.iter().map(|(name, value)| (name.as_str(), value.to_str()));
        headers.extend(told.filter_map(|(name, value)| Some((name, value.ok()?))));
        headers.sort_unstable();
        let signed: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!(
            "{}\n{}\n\n{lines}\n{}\n{}",
            request.method,
            request.path.as_str(),
            signed.join(";"),
            hex(digest::digest(&digest::SHA256, body).as_ref())
        );
        let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{DATE}\n{}\n{hash}", SCOPE.join("/"));
        let key = SCOPE
            .iter()
            .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac_of(&key, part.as_bytes()));
        let signature = hex(&hmac_of(&key, text.as_bytes()));
        request.headers.insert("x-signature", HeaderValue::try_from(signature).unwrap());
        Ok(Arc::default())
    }
}

fn hmac_of(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts it on a request to `/`, and gives its headers.
async fn put_on(
    credential: &dyn Credential,
    method: Method,
    mut headers: HeaderMap,
    body: Option<&'static str>,
) -> Result<(HeaderMap, Arc<Exposed>), CredentialError> {
    let base_url: BaseUrl = "https://example.amazonaws.com".parse().unwrap();
    let path = UpstreamPath::from_static("/").into();
    let body = body.map(Bytes::from);
    let (base_url, path, body) = (&base_url, &path, body.as_ref());
    let mut request = Unsigned { method: &method, base_url, path, headers: &mut headers, body };
    let exposed = credential.put_on(&mut request).await?;
    Ok((headers, exposed))
}

#[tokio::test]
async fn a_signature_over_the_request_fits() {
    const FORM: &str = "application/x-www-form-urlencoded";
    for (method, form, body, signature) in [
        (
            Method::GET,
            false,
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            Method::POST,
            false,
            "",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            Method::POST,
            true,
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        let mut headers = HeaderMap::new();
        if form {
            headers.insert("content-type", HeaderValue::from_static(FORM));
        }
        let (headers, _) = put_on(&SigV4, method, headers, Some(body)).await.unwrap();
        assert_eq!(headers["x-signature"], signature);
    }
    let streamed = put_on(&SigV4, Method::POST, HeaderMap::new(), None).await;
    assert_eq!(streamed.map(drop).unwrap_err(), CredentialError::Unfit);
}

/// A token that is good for one request.
#[derive(Default)]
struct Token(Mutex<u32>);

#[async_trait]
impl Credential for Token {
    async fn put_on(&self, request: &mut Unsigned<'_>) -> Result<Arc<Exposed>, CredentialError> {
        // Where it is fetched from may be out of reach, or refuse.
        tokio::task::yield_now().await;
        let number = {
            let mut fetched = self.0.lock().unwrap();
            *fetched += 1;
            *fetched
        };
        match number {
            3 => return Err(CredentialError::Unavailable),
            4 => return Err(CredentialError::Refused),
            _ => {}
        }
        let secret = Secret::new(format!("token-number-{number}"));
        let forms = Arc::new(Forms::of("p", secret.expose().as_bytes()));
        request.headers.insert("authorization", secret.header_value("Bearer ").unwrap());
        Ok(Arc::new(Exposed { secret: Some(secret), forms }))
    }
}

#[tokio::test]
async fn a_token_that_changes_is_searched_for_as_it_was_sent() {
    let token = Token::default();
    for (number, failure) in [
        (1, None),
        (2, None),
        (3, Some(AttemptResult::CredentialUnavailable)),
        (4, Some(AttemptResult::KeyRefused)),
    ] {
        let put = put_on(&token, Method::POST, HeaderMap::new(), Some("{}")).await;
        let (headers, exposed) = match put {
            Ok(put) => put,
            Err(error) => {
                assert_eq!(Some(error.result()), failure);
                continue;
            }
        };
        assert_eq!(failure, None);
        let sent = format!("token-number-{number}");
        assert_eq!(headers["authorization"], format!("Bearer {sent}"));
        assert!(headers["authorization"].is_sensitive());
        assert!(exposed.forms.are_in(sent.as_bytes()));
        assert!(!exposed.forms.are_in(b"token-number-9"));
    }
}

#[tokio::test]
async fn a_key_stands_in_its_header_and_nothing_where_there_is_none() {
    let key = Secret::new("sk-0123456789".to_owned());
    let key = of(Some(&key), KeyHeader::XApiKey, "p").unwrap();
    let (headers, exposed) = put_on(&*key, Method::POST, HeaderMap::new(), None).await.unwrap();
    assert_eq!(headers["x-api-key"], "sk-0123456789");
    assert!(exposed.forms.are_in(b"sk-0123456789"));
    let none = of(None, KeyHeader::Bearer, "p").unwrap();
    let (headers, exposed) = put_on(&*none, Method::POST, HeaderMap::new(), None).await.unwrap();
    assert!(headers.is_empty() && exposed.secret.is_none());
}
