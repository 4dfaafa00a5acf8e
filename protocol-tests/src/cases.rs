//! The cases: the steps of real clients against the product, and the exact values that they must see.

use crate::case::Case;
use crate::clients;

mod admin;
mod applications;
mod brokers;
mod demo;
mod group;
mod history;
mod kafka_tests;
mod kcat;
mod mapping;
mod memory_limit;
mod records;
mod refusals;
mod releases;
mod restart;
mod schema_registry;
mod simulate;
mod stopping;
mod transactions;

/// Returns all cases in the order in which they run.
pub fn all() -> Vec<Case> {
    let mut cases = simulate::cases();
    cases.extend(demo::cases());
    cases.extend(refusals::cases());
    cases.extend(mapping::cases());
    cases.extend(schema_registry::cases());
    for client in clients::ALL {
        if client.has_groups {
            cases.push(Case::of(
                client,
                "a_group_survives_a_killed_member_and_resumes_from_its_commit",
                group::killed_member,
            ));
            if client.has_consumer_protocol {
                cases.push(Case::of(
                    client,
                    "a_consumer_group_survives_a_killed_member_and_resumes_from_its_commit",
                    group::killed_member_of_consumer_group,
                ));
            }
            cases.push(Case::of(
                client,
                "goes_on_after_the_broker_was_killed_and_started_again",
                restart::killed_broker,
            ));
        }
        if !client.codecs.is_empty() {
            cases.push(Case::of(
                client,
                "reads_back_what_it_produced_with_every_codec",
                records::every_codec,
            ));
        }
        if client.has_transactions {
            cases.push(Case::of(
                client,
                "commits_aborts_is_fenced_and_transforms_records_in_transactions",
                transactions::every_kind,
            ));
        }
        if !client.admin_steps.is_empty() {
            cases.push(Case::of(
                client,
                "administers_topics_and_groups",
                admin::every_call,
            ));
        }
    }
    cases.extend(brokers::cases());
    cases.extend(releases::cases());
    cases.extend(history::cases());
    cases.extend(applications::cases());
    cases.extend(kafka_tests::cases());
    cases.extend(kcat::cases());
    cases.extend(memory_limit::cases());
    cases.extend(stopping::cases());
    cases
}
