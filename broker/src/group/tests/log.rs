//! The lines at DEBUG: each change of a group is one, with the group's id.

use super::*;
use crate::subscribers::set_subscriber;
use std::fmt::{Debug, Write};
use std::sync::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// Collects lines of the form `span: message; field=value`.
#[derive(Clone, Default)]
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<Mutex<Vec<String>>>,
    entered: Arc<Mutex<Vec<u64>>>,
}

/// Writes a message and its fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("a string can be written to");
    }
}

impl Lines {
    /// Collects the lines of this thread until the guard is dropped.
    fn collect() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let guard = set_subscriber(lines.clone());
        (lines, guard)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    fn span(&self, id: Option<u64>) -> String {
        let index = usize::try_from(id.unwrap_or(0)).unwrap();
        let spans = self.spans.lock().unwrap();
        index
            .checked_sub(1)
            .map(|index| spans[index].clone())
            .unwrap_or_default()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("esmeralda_broker::group")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let entered = self.entered.lock().unwrap().last().copied();
        let span = self.span(event.parent().map(Id::into_u64).or(entered));
        let Text { message, fields } = text;
        let line = format!("{span}: {message};{fields}");
        self.lines.lock().unwrap().push(line);
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut text = Text::default();
        attributes.record(&mut text);
        let mut spans = self.spans.lock().unwrap();
        spans.push(text.fields.trim().to_owned());
        Id::from_u64(spans.len() as u64)
    }

    fn enter(&self, id: &Id) {
        self.entered.lock().unwrap().push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.entered.lock().unwrap().pop();
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn each_change_of_a_group_is_a_line_with_its_reason() {
    let (lines, _collecting) = Lines::collect();
    let groups = groups();
    let mut first = joiner("", "a");
    first.request.reason = Some("the test begins".into());
    groups.join("g", first).await.expect("the join succeeds");
    groups
        .sync("g", sync("a", 1, &[("a", b"all")]))
        .await
        .expect("the sync succeeds");
    assert_eq!(
        lines.take(),
        [
            r#"group_id=g: group created; group_type="classic""#,
            r#"group_id=g: member joins; member_id=a client_id=client generation_id=0 reason="the test begins""#,
            r#"group_id=g: group changes state; from="Empty" to="PreparingRebalance" generation_id=0 members=1 reason="a member joined""#,
            r#"group_id=g: group changes state; from="PreparingRebalance" to="CompletingRebalance" generation_id=1 members=1 reason="the initial rebalance delay has passed""#,
            r#"group_id=g: group changes state; from="CompletingRebalance" to="Stable" generation_id=1 members=1 reason="the leader has assigned""#,
        ]
    );

    let leaver = classic::Leaver {
        member_id: "a".into(),
        group_instance_id: None,
        reason: None,
    };
    groups.leave("g", vec![leaver]).await.expect("the group is asked");
    groups.delete("g").await.expect("the group is empty");
    assert_eq!(
        lines.take(),
        [
            r#"group_id=g: member leaves; member_id=a generation_id=1 reason="not provided""#,
            r#"group_id=g: group changes state; from="Stable" to="PreparingRebalance" generation_id=1 members=0 reason="a member left""#,
            r#"group_id=g: group changes state; from="PreparingRebalance" to="Empty" generation_id=2 members=0 reason="no members are left""#,
            r#"group_id=g: group ends; from="Empty" to="Dead" reason="deleted""#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn members_and_offsets_that_expire_are_lines() {
    let (lines, _collecting) = Lines::collect();
    let groups = groups();
    stable(&groups).await;
    groups
        .commit("g", committer("a", 1), commits(5))
        .await
        .expect("the commit succeeds");
    lines.take();
    sleep(Duration::from_millis(SESSION_MS + 1)).await;
    assert_eq!(
        lines.take()[0],
        r#"group_id=g: member removed; member_id=a generation_id=1 reason="no heartbeat within its session timeout""#
    );
    sleep(Duration::from_secs(10_080 * 60 + 600)).await;
    assert_eq!(
        lines.take(),
        [
            r#"group_id=g: offsets removed; count=1 reason="the retention time has passed""#,
            r#"group_id=g: group ends; from="Empty" to="Dead" reason="empty and without offsets""#,
        ]
    );
}
