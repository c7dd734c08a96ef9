//! Every operation of the front door: its route, its handler and its description. The router and the
//! document are made of this one table.

use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};

use super::operation::Needs::{Nothing, Role as By, RoleForAll as ByAll};
use super::operation::Operation as Op;
use super::{blocks, calls, events, health, metrics, openapi, records, reload, results, tokens, trunks};
use crate::access::Role::{Operate, Read, Submit};
use crate::access::{TokenOrder, TokenView};
use crate::job::Written;
use crate::policy::Block;
use crate::queue::{JobView, Page, RecordPage};
use crate::report::recorded::Record;
use crate::report::reload::Reloaded;

const STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: (&str, &str) = ("Last-Event-ID", "the id of the last event that was received");
const OPENMETRICS: &str = "application/openmetrics-text";

/// All of them, path by path.
#[rustfmt::skip]
pub(super) fn all() -> Vec<Op> {
    let mut all = jobs();
    all.extend(blocks_and_tokens());
    all.extend(recorded());
    all.extend([
        Op::new("get", "/v1/trunks", ByAll(Read), "State and figures of each trunk", get(trunks::trunks))
            .query::<calls::TenantQuery>().answers::<trunks::Trunks>(200, "the trunks"),
        Op::new("post", "/v1/reload", ByAll(Operate), "Policy and prompts anew, without a lost call", post(reload::reload))
            .body::<reload::Nothing>().answers::<Reloaded>(200, "in force")
            .refuses(422, "the files are wrong; everything stays as it was"),
        Op::new("get", "/v1/openapi.json", Nothing, "This document", get(openapi::serve))
            .answers::<serde_json::Value>(200, "the document"),
        Op::new("get", "/healthz", Nothing, "Liveness", get(health::healthz)).answers::<health::Status>(200, "the process answers"),
        Op::new("get", "/readyz", Nothing, "Readiness", get(health::readyz)).answers::<health::Status>(200, "jobs are worked on"),
        Op::new("get", "/metrics", ByAll(Read), "Counts and gauges for Prometheus", get(metrics::metrics))
            .answers_text(OPENMETRICS, "OpenMetrics text"),
    ]);
    all
}

#[rustfmt::skip]
fn jobs() -> Vec<Op> {
    vec![
        Op::new("post", "/v1/calls", By(Submit), "Order one verification call", post(calls::submit))
            .query::<calls::TenantQuery>().body::<Written>()
            .answers::<JobView>(202, "accepted and durable").answers::<JobView>(200, "the same job again")
            .refuses(409, "another job has this id").refuses(429, "as many jobs wait as may, see Retry-After"),
        Op::new("get", "/v1/calls", By(Read), "A page of jobs, oldest first", get(calls::list))
            .query::<calls::ListQuery>().answers::<Page>(200, "a page"),
        Op::new("get", "/v1/calls/{id}", By(Read), "One job", get(calls::show))
            .query::<calls::TenantQuery>().answers::<JobView>(200, "the job"),
        Op::new("delete", "/v1/calls/{id}", By(Submit), "Withdraw a job, also while it rings", delete(calls::cancel))
            .query::<calls::TenantQuery>().answers::<JobView>(200, "the job"),
        Op::new("get", "/v1/calls/{id}/events", By(Read), "The job's events, from its first to its last", get(events::of_job))
            .query::<calls::TenantQuery>().header(LAST_EVENT_ID.0, LAST_EVENT_ID.1)
            .answers_text(STREAM, "the events").answers_nothing(204, "no event can follow any more"),
        Op::new("get", "/v1/events", By(Read), "The events of all jobs, from now on", get(events::of_all))
            .query::<calls::ScopeQuery>().header(LAST_EVENT_ID.0, LAST_EVENT_ID.1).answers_text(STREAM, "the events"),
        Op::new("get", "/v1/results", By(Read), "Results that a consumer has not acknowledged", get(results::results))
            .query::<results::ResultsQuery>().answers::<results::Results>(200, "results, in order")
            .refuses(409, "as many consumers are known as may be"),
        Op::new("post", "/v1/results/ack", By(Read), "All results up to a cursor are done with", post(results::ack))
            .query::<calls::ScopeQuery>().body::<results::Ack>().answers_nothing(204, "noted")
            .refuses(409, "as many consumers are known as may be"),
    ]
}

#[rustfmt::skip]
fn recorded() -> Vec<Op> {
    vec![
        Op::new("get", "/v1/records", By(Read), "What became of jobs: a page, or with `format` all", get(records::list))
            .query::<records::RecordsQuery>().answers_text("text/csv", "format=csv").answers_text("application/jsonl", "format=jsonl")
            .answers::<RecordPage>(200, "the records"),
        Op::new("delete", "/v1/records", By(Operate), "Erase what is recorded of a user", delete(records::erase))
            .query::<records::EraseQuery>().answers::<records::Erased>(200, "erased, and audited"),
        Op::new("get", "/v1/records/{id}", By(Read), "The record of one job; `number` needs the role `disclose`", get(records::show))
            .query::<records::RecordQuery>().answers::<Record>(200, "the record"),
        Op::new("get", "/v1/statistics", By(Read), "How jobs went: asked, rung, answered, verified, reasons", get(records::statistics))
            .query::<records::TallyQuery>().answers::<records::Statistics>(200, "the counts"),
        Op::new("get", "/v1/audit", By(Operate), "Who made tokens, saw full numbers, erased users", get(records::audit))
            .query::<records::AuditQuery>().answers::<records::Acts>(200, "the latest acts"),
    ]
}

#[rustfmt::skip]
fn blocks_and_tokens() -> Vec<Op> {
    vec![
        Op::new("get", "/v1/blocks", By(Read), "Who is not called", get(blocks::list))
            .query::<blocks::ListQuery>().answers::<blocks::Blocks>(200, "a page of blocks"),
        Op::new("post", "/v1/blocks", By(Operate), "Call somebody no more", post(blocks::block))
            .query::<calls::ScopeQuery>().body::<blocks::Ordered>().answers::<Block>(201, "the block is durable and holds"),
        Op::new("post", "/v1/blocks/list", By(Operate), "Block whom a CSV list names",
                post(blocks::block_list).layer(DefaultBodyLimit::max(blocks::LARGEST_LIST_BYTES)))
            .query::<calls::ScopeQuery>().body::<blocks::List>()
            .answers::<blocks::Listed>(201, "every line holds").answers::<blocks::Listed>(200, "some lines are bad"),
        Op::new("get", "/v1/blocks/audit", By(Read), "Who blocked and unblocked whom", get(blocks::audit))
            .query::<blocks::AuditQuery>().answers::<blocks::Trail>(200, "a page of the trail"),
        Op::new("delete", "/v1/blocks/{id}", By(Operate), "Call somebody again", delete(blocks::unblock))
            .query::<blocks::UnblockQuery>().answers::<Block>(200, "the block that was lifted"),
        Op::new("get", "/v1/tokens", ByAll(Operate), "Every token that was ever made", get(tokens::list))
            .answers::<tokens::Tokens>(200, "the tokens, never their texts"),
        Op::new("post", "/v1/tokens", ByAll(Operate), "Make a token", post(tokens::create))
            .body::<TokenOrder>().answers::<tokens::Created>(201, "the token, its text this once")
            .refuses(409, "as many tokens were made as may be"),
        Op::new("delete", "/v1/tokens/{id}", ByAll(Operate), "End a token at once", delete(tokens::revoke))
            .answers::<TokenView>(200, "the token"),
    ]
}
