//! Callers that ask while something happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use super::{Gateway, client, message};

/// Callers that ask again and again until they are stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    callers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    pub fn start(gateway: &Gateway, key: &str, callers: usize, streams: bool) -> Load {
        let (stop, served) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let caller = |number: usize| {
            let (url, key) = (gateway.chat_url(), key.to_owned());
            let (stop, served) = (Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                let (client, mut failed) = (client(false), Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let body = message("hi", streams && number.is_multiple_of(2)).to_string();
                    match client.post(&url).bearer_auth(&key).body(body).send().await {
                        Ok(answer) if answer.status() == 200 => match answer.text().await {
                            Ok(_) => drop(served.fetch_add(1, Ordering::Relaxed)),
                            Err(error) => failed.push(error.to_string()),
                        },
                        Ok(answer) => {
                            failed.push(format!(
                                "{} {}",
                                answer.status(),
                                answer.text().await.unwrap_or_default()
                            ));
                        }
                        Err(error) => failed.push(error.to_string()),
                    }
                }
                failed
            })
        };
        let callers = (0..callers).map(caller).collect();
        Load { stop, served, callers }
    }

    /// What failed, and how many were served.
    pub async fn stop(self) -> (Vec<String>, usize) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = Vec::new();
        for caller in self.callers {
            failed.extend(caller.await.unwrap());
        }
        (failed, self.served.load(Ordering::Relaxed))
    }
}
