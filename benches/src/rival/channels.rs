//! The channels that runtimes bring along.

use super::contract::Channels;
use super::locks::{OfHeist, OfTokio};

impl Channels for OfHeist {
    type Sender = heist::sync::mpsc::Sender<u64>;
    type Receiver = heist::sync::mpsc::Receiver<u64>;
    type UnboundedSender = heist::sync::mpsc::UnboundedSender<u64>;
    type UnboundedReceiver = heist::sync::mpsc::UnboundedReceiver<u64>;
    type OneSender = heist::sync::oneshot::Sender<u64>;
    type OneReceiver = heist::sync::oneshot::Receiver<u64>;
    type BroadcastSender = heist::sync::broadcast::Sender<u64>;
    type BroadcastReceiver = heist::sync::broadcast::Receiver<u64>;
    type WatchSender = heist::sync::watch::Sender<u64>;
    type WatchReceiver = heist::sync::watch::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        heist::sync::mpsc::channel(capacity)
    }

    async fn send(sender: &Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver waits");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }

    fn unbounded() -> (Self::UnboundedSender, Self::UnboundedReceiver) {
        heist::sync::mpsc::unbounded_channel()
    }

    fn send_unbounded(sender: &Self::UnboundedSender, number: u64) {
        sender.send(number).expect("the receiver waits");
    }

    async fn receive_unbounded(receiver: &mut Self::UnboundedReceiver) -> Option<u64> {
        receiver.recv().await
    }

    fn one() -> (Self::OneSender, Self::OneReceiver) {
        heist::sync::oneshot::channel()
    }

    fn send_one(sender: Self::OneSender, number: u64) {
        sender.send(number).expect("the receiver waits");
    }

    async fn receive_one(receiver: Self::OneReceiver) -> u64 {
        receiver.await.expect("it is sent")
    }

    fn broadcast(capacity: usize) -> Self::BroadcastSender {
        heist::sync::broadcast::Sender::new(capacity)
    }

    fn subscribe(sender: &Self::BroadcastSender) -> Self::BroadcastReceiver {
        sender.subscribe()
    }

    fn send_to_all(sender: &Self::BroadcastSender, number: u64) {
        sender.send(number).expect("the receivers wait");
    }

    fn waiting_count(sender: &Self::BroadcastSender) -> usize {
        sender.len()
    }

    async fn receive_broadcast(receiver: &mut Self::BroadcastReceiver) -> Option<u64> {
        match receiver.recv().await {
            Ok(_) => Some(1),
            Err(heist::sync::broadcast::error::RecvError::Lagged(missed_count)) => Some(missed_count),
            Err(heist::sync::broadcast::error::RecvError::Closed) => None,
        }
    }

    fn watch() -> (Self::WatchSender, Self::WatchReceiver) {
        heist::sync::watch::channel(0)
    }

    fn set(sender: &Self::WatchSender, number: u64) {
        sender.send(number).expect("the receivers wait");
    }

    async fn receive_latest(receiver: &mut Self::WatchReceiver) -> Option<u64> {
        receiver.changed().await.ok()?;
        Some(*receiver.borrow_and_update())
    }
}

impl Channels for OfTokio {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;
    type UnboundedSender = tokio::sync::mpsc::UnboundedSender<u64>;
    type UnboundedReceiver = tokio::sync::mpsc::UnboundedReceiver<u64>;
    type OneSender = tokio::sync::oneshot::Sender<u64>;
    type OneReceiver = tokio::sync::oneshot::Receiver<u64>;
    type BroadcastSender = tokio::sync::broadcast::Sender<u64>;
    type BroadcastReceiver = tokio::sync::broadcast::Receiver<u64>;
    type WatchSender = tokio::sync::watch::Sender<u64>;
    type WatchReceiver = tokio::sync::watch::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(capacity)
    }

    async fn send(sender: &Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver waits");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }

    fn unbounded() -> (Self::UnboundedSender, Self::UnboundedReceiver) {
        tokio::sync::mpsc::unbounded_channel()
    }

    fn send_unbounded(sender: &Self::UnboundedSender, number: u64) {
        sender.send(number).expect("the receiver waits");
    }

    async fn receive_unbounded(receiver: &mut Self::UnboundedReceiver) -> Option<u64> {
        receiver.recv().await
    }

    fn one() -> (Self::OneSender, Self::OneReceiver) {
        tokio::sync::oneshot::channel()
    }

    fn send_one(sender: Self::OneSender, number: u64) {
        sender.send(number).expect("the receiver waits");
    }

    async fn receive_one(receiver: Self::OneReceiver) -> u64 {
        receiver.await.expect("it is sent")
    }

    fn broadcast(capacity: usize) -> Self::BroadcastSender {
        tokio::sync::broadcast::Sender::new(capacity)
    }

    fn subscribe(sender: &Self::BroadcastSender) -> Self::BroadcastReceiver {
        sender.subscribe()
    }

    fn send_to_all(sender: &Self::BroadcastSender, number: u64) {
        sender.send(number).expect("the receivers wait");
    }

    fn waiting_count(sender: &Self::BroadcastSender) -> usize {
        sender.len()
    }

    async fn receive_broadcast(receiver: &mut Self::BroadcastReceiver) -> Option<u64> {
        match receiver.recv().await {
            Ok(_) => Some(1),
            Err(tokio::sync::broadcast::error::RecvError::Lagged(missed_count)) => Some(missed_count),
            Err(tokio::sync::broadcast::error::RecvError::Closed) => None,
        }
    }

    fn watch() -> (Self::WatchSender, Self::WatchReceiver) {
        tokio::sync::watch::channel(0)
    }

    fn set(sender: &Self::WatchSender, number: u64) {
        sender.send(number).expect("the receivers wait");
    }

    async fn receive_latest(receiver: &mut Self::WatchReceiver) -> Option<u64> {
        receiver.changed().await.ok()?;
        Some(*receiver.borrow_and_update())
    }
}
