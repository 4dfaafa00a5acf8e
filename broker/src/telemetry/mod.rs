//! Client telemetry (KIP-714): the subscriptions that say which metrics clients push.

mod config;
mod subscription;

pub(crate) use config::{CLIENT_METRICS_CONFIGS, describe};
pub(crate) use subscription::{InvalidSubscription, Subscription, Subscriptions};
