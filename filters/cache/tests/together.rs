//! Many who ask the same at once: one goes to a provider.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::*;
use inferlayer_filter::{Answer, Exchange};
use inferlayer_records::Ending;
use tokio::task::{JoinHandle, yield_now};

type Asking = JoinHandle<(Exchange, Option<Answer>)>;

async fn ask(gateway: &Arc<Gateway>, tenant: usize) -> Asking {
    let gateway = Arc::clone(gateway);
    let asking = tokio::spawn(async move {
        let mut x = gateway.request(tenant, &question("q"));
        let answer = gateway.ask(&mut x).await.unwrap();
        (x, answer)
    });
    yield_now().await;
    asking
}

async fn leader(gateway: &Arc<Gateway>) -> Exchange {
    let (x, answer) = ask(gateway, 0).await.await.unwrap();
    assert!(answer.is_none());
    x
}

fn gateway() -> (Arc<Gateway>, tempfile::TempDir) {
    let (gateway, data) = Gateway::new("{}");
    (Arc::new(gateway), data)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_are_one_request_and_ninety_nine_replays() {
    let (gateway, _data) = gateway();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move {
                let mut x = gateway.request(0, &question("q"));
                let own = completion("the one");
                let given = gateway.serve(&mut x, &Provided::whole(&own)).await;
                (given == own, given.contains("the one"), x.hit.peek().is_some())
            })
        })
        .collect();
    let mut led = 0;
    for task in tasks {
        let (asked_provider, right, hit) = task.await.unwrap();
        assert!(right && hit != asked_provider);
        led += usize::from(asked_provider);
    }
    assert_eq!(led, 1);
}

#[tokio::test]
async fn followers_of_a_failed_leader_go_on_alone() {
    let whole = completion("a");
    for failed in [
        Provided { status: 500, ending: Ending::Failed, ..Provided::whole("") },
        Provided { ending: Ending::UpstreamCut, ..Provided::whole(&whole) },
        Provided { fallback: true, ..Provided::whole(&whole) },
        Provided { recorded: false, ..Provided::whole(&whole) },
    ] {
        let (gateway, _data) = gateway();
        let mut x = leader(&gateway).await;
        let followers = [ask(&gateway, 0).await, ask(&gateway, 0).await];
        assert!(followers.iter().all(|follower| !follower.is_finished()));
        gateway.provide(&mut x, &failed).await;
        for follower in followers {
            let (mut x, answer) = follower.await.unwrap();
            assert!(answer.is_none());
            gateway.provide(&mut x, &Provided::whole(&whole)).await;
            assert!(x.admission.peek().is_some(), "alone is not unfit");
        }
    }
}

#[tokio::test]
async fn a_leader_whose_client_went_away_is_followed_by_the_next() {
    let (gateway, _data) = gateway();
    let mut gone = leader(&gateway).await;
    let (second, third) = (ask(&gateway, 0).await, ask(&gateway, 0).await);
    let ending = Ending::ClientGone;
    gateway.provide(&mut gone, &Provided { ending, ..Provided::whole(&completion("a")) }).await;
    let (mut x, answer) = second.await.unwrap();
    assert!(answer.is_none() && !third.is_finished());
    gateway.provide(&mut x, &Provided::whole(&completion("of the second"))).await;
    let (_, answer) = third.await.unwrap();
    assert!(text(&answer.unwrap()).contains("of the second"));
}

#[tokio::test]
async fn a_leader_that_is_dropped_without_a_word_is_followed_too() {
    let (gateway, _data) = gateway();
    let dropped = leader(&gateway).await;
    let follower = ask(&gateway, 0).await;
    drop(dropped);
    let (x, answer) = follower.await.unwrap();
    assert!(answer.is_none());
    drop(x);
    leader(&gateway).await;
}

#[tokio::test]
async fn a_follower_that_went_away_is_not_waited_for() {
    let (gateway, _data) = gateway();
    let mut x = leader(&gateway).await;
    let (gone, stays) = (ask(&gateway, 0).await, ask(&gateway, 0).await);
    gone.abort();
    assert!(gone.await.is_err());
    gateway.provide(&mut x, &Provided::whole(&completion("a"))).await;
    assert!(stays.await.unwrap().1.is_some());
}

#[tokio::test]
async fn nobody_waits_for_another_tenant() {
    let (gateway, _data) = gateway();
    let _leader = leader(&gateway).await;
    for tenant in 1..TENANTS {
        assert!(ask(&gateway, tenant).await.await.unwrap().1.is_none());
    }
}

#[tokio::test]
async fn streams_wait_for_the_end_and_are_given_whole() {
    let (gateway, _data) = gateway();
    let mut x = gateway.request(0, &streamed("q"));
    assert!(gateway.ask(&mut x).await.unwrap().is_none());
    let follower = ask(&gateway, 0).await;
    gateway.provide(&mut x, &Provided::whole(&stream("streamed once"))).await;
    assert!(text(&follower.await.unwrap().1.unwrap()).contains("streamed once"));
}

#[tokio::test]
async fn waiting_can_be_bounded_to_nothing() {
    let (gateway, _data) = Gateway::new(r#"{"followers_max": 0}"#);
    let gateway = Arc::new(gateway);
    let _leader = leader(&gateway).await;
    assert!(ask(&gateway, 0).await.await.unwrap().1.is_none());
    let (gateway, _data) = Gateway::new(r#"{"wait_seconds": 0}"#);
    let gateway = Arc::new(gateway);
    let _leader = leader(&gateway).await;
    assert!(ask(&gateway, 0).await.await.unwrap().1.is_none());
}
