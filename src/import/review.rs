//! Found mappings by AWS's rules and by what is built here: errors, what is left out, and what takes the place of a Kafka cluster.

mod members;

use super::draft::Draft;
use super::finding::{Findings, Severity};
use super::tree::{Node, NodeValue, Undecided};
use super::values::Values;
use super::way_out;
use esmeralda_esm::{
    CheckedMapping, KnownMembers, MAPPING_MEMBERS, MappingCheck, MemberEffect, RequestMember,
};

const ARN: &str = "EventSourceArn";
const SERVERS: &str = "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS";

/// The bootstrap server that means the embedded cluster in a config file.
const EMBEDDED: &str = "embedded";

/// A member that is honoured for clusters on the network only.
const ACCESS: &str = "SourceAccessConfigurations";

/// A mapping that AWS accepts, with the members that have an effect here.
#[derive(Debug)]
pub(super) struct ReviewedMapping {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) members: Node,
    pub(super) checked: CheckedMapping,
}

/// The review of the mappings of one file.
#[derive(Debug)]
pub(super) struct Review<'a> {
    pub(super) file: &'a str,
    pub(super) values: &'a Values,
    pub(super) check: MappingCheck,
}

impl Review<'_> {
    /// Reviews a mapping. Returns `None` after an error.
    pub(super) fn review(&mut self, draft: Draft, findings: &mut Findings) -> Option<ReviewedMapping> {
        let Draft {
            name,
            line,
            mut members,
        } = draft;
        let mut report = Report {
            findings,
            name: &name,
        };
        members::check_names(&mut members, KnownMembers::top(), &mut report);
        members::convert(&mut members, KnownMembers::top());
        // AWS sees all members, and this configuration has those that have an effect.
        let mut kept = members.clone();
        leave_out(&mut kept, &mut members, &mut report);
        self.stand_in_for_cluster(&mut kept, &mut members, &mut report);
        if report.says_undecided(&kept) {
            return None;
        }
        let place = format!("{}:{line}", self.file);
        match self.check.create(&place, members.to_members()) {
            Ok(checked) => {
                embed(&mut kept, &mut report);
                mention_destination(&kept, &mut report);
                let members = kept;
                Some(ReviewedMapping {
                    name,
                    line,
                    members,
                    checked,
                })
            }
            Err(error) => {
                let line = members::line_of(&members, &error.message).unwrap_or(line);
                report.add(Severity::Error, line, error.message);
                None
            }
        }
    }

    /// Puts an ARN in the place of one that the file does not decide: every ARN of a cluster means the embedded cluster.
    fn stand_in_for_cluster(&self, kept: &mut Node, members: &mut Node, report: &mut Report<'_>) {
        let servers = members::find(members, SERVERS);
        if let Some(servers) = servers.filter(|servers| servers.undecided().is_some()) {
            // They give way to the embedded cluster, whatever they are. AWS's pattern requires a port.
            let line = servers.line;
            members.put(SERVERS, line, one_server(line, &format!("{EMBEDDED}:9092")));
            kept.put(SERVERS, line, one_server(line, EMBEDDED));
            let message = "the embedded cluster takes the place of the bootstrap servers";
            report.add(Severity::Note, line, message);
        }
        let Some((line, Undecided::Named(name))) = kept.get(ARN).and_then(Node::undecided) else {
            return;
        };
        let arn = self.stand_in(name);
        let message = format!(
            "{ARN} depends on {name}, which the file does not decide: {arn} stands in, because every cluster of MSK means the embedded \
             cluster here; --set {name}=ARN gives another"
        );
        report.add(Severity::Warning, line, message);
        let arn = Node::text(line, arn);
        kept.put(ARN, line, arn.clone());
        members.put(ARN, line, arn);
    }

    /// Returns an ARN of a cluster that is called like a reference.
    fn stand_in(&self, reference: &str) -> String {
        let name = reference.trim_end_matches(".Arn").trim_end_matches(".arn");
        let name = name.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
        // Real ones end with a UUID.
        self.values.arn("kafka", true, &format!("cluster/{name}/0"))
    }
}

/// Replaces the bootstrap servers of a self-managed source by the embedded cluster.
fn embed(kept: &mut Node, report: &mut Report<'_>) {
    let Some(servers) = members::find(kept, SERVERS) else {
        return;
    };
    let (line, names) = (servers.line, servers.items().iter().filter_map(Node::as_text));
    let names: Vec<_> = names.collect();
    if names == [EMBEDDED] {
        return;
    }
    let message = format!("the embedded cluster takes the place of {}", names.join(","));
    report.add(Severity::Note, line, message);
    kept.put(SERVERS, line, one_server(line, EMBEDDED));
}

fn one_server(line: usize, server: &str) -> Node {
    let value = NodeValue::List(vec![Node::text(line, server)]);
    Node { line, value }
}

/// Adds a note about a destination that is a service of AWS, which `serve` has to be told the place of.
fn mention_destination(kept: &Node, report: &mut Report<'_>) {
    let destination = members::find(kept, "DestinationConfig.OnFailure.Destination");
    let Some(destination) = destination else { return };
    if destination.as_text().is_some_and(|text| text.starts_with("arn:")) {
        let message = "the destination needs --aws-endpoint URL or --capture-destinations of `serve`";
        report.add(Severity::Note, destination.line, message);
    }
}

/// Findings about one mapping.
struct Report<'a> {
    findings: &'a mut Findings,
    name: &'a str,
}

impl Report<'_> {
    fn add(&mut self, severity: Severity, line: usize, message: impl Into<String>) {
        self.findings.add(severity, line, self.name, message);
    }

    /// Adds an error for each member with a value that is not known. Returns whether there is one.
    fn says_undecided(&mut self, members: &Node) -> bool {
        let mut is_undecided = false;
        for entry in members.entries() {
            if let Some((line, undecided)) = entry.value.undecided() {
                let message = format!("{} {}", entry.key, way_out(undecided));
                self.add(Severity::Error, line, message);
                is_undecided = true;
            }
        }
        is_undecided
    }
}

/// Removes from `kept` the members that have no effect or are not built, with a finding for each. Those that are undecided are removed
/// from `members` too, because no rule can be checked for them.
fn leave_out(kept: &mut Node, members: &mut Node, report: &mut Report<'_>) {
    for (path, severity, reason) in without_effect() {
        let Some(found) = members::find(kept, path) else {
            continue;
        };
        let name = path.replace('=', " ");
        report.add(severity, found.line, format!("left out: {name} {reason}"));
        let is_undecided = found.undecided().is_some();
        let (path, _) = path.split_once('=').unwrap_or((path, ""));
        members::remove(kept, path);
        if is_undecided {
            members::remove(members, path);
        }
    }
}

/// Returns the paths of the members that have no effect here, with the reason.
fn without_effect() -> Vec<(&'static str, Severity, String)> {
    let access = "has no effect: the embedded cluster is read without a network or a secret".to_owned();
    let mut paths = vec![(ACCESS, Severity::Note, access)];
    // A single value of a member comes before the member.
    let (values, whole): (Vec<_>, Vec<_>) = MAPPING_MEMBERS
        .iter()
        .partition(|member| member.path.contains('='));
    for RequestMember { path, effect } in values.into_iter().chain(whole) {
        match effect {
            MemberEffect::NotBuilt(instead) => {
                paths.push((
                    path,
                    Severity::Warning,
                    format!("is not supported yet: {instead}"),
                ));
            }
            MemberEffect::WithoutEffect(reason) => {
                paths.push((path, Severity::Note, format!("has no effect: {reason}")));
            }
            MemberEffect::Honoured(_) | MemberEffect::OtherSource => {}
        }
    }
    paths
}
