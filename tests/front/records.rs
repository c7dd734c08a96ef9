//! The record: what became of each job, masked, filtered, exported, counted, erased, and who saw what.

use std::time::Duration;

use octothorpe::access::{Role, Scope};
use octothorpe::queue::{JobStore, RecordFilter, RecordStore, Store, embedded};
use octothorpe::reason::Reason;
use octothorpe::report::recorded::TallyBy;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::events::{dial, press};
use super::front::{Door, NOW, settings};
use super::tokens::token;

const NUMBER: &str = "4252345667";

/// A verified call of this user.
async fn call(door: &Door, tenant: &str, id: &str, user: &str) {
    let job = json!({ "id": id, "to": format!("+1{NUMBER}"), "user": user, "client_ip": "192.0.2.7" });
    let sent = door.post(&format!("/v1/calls?tenant={tenant}"), job).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{sent:?}");
    let claim = dial(&door.store).await;
    press(&door.store, &claim).await;
}

/// Three records: two verified calls of ann's, and one of bob's that nobody answered.
async fn three(door: &Door) {
    call(door, "default", "a", "ann").await;
    call(door, "default", "b", "=ann").await;
    let job = json!({ "id": "c", "to": format!("+1{NUMBER}"), "user": "bob" });
    door.post("/v1/calls", job).await;
    door.finish_one(Reason::NoAnswer).await;
}

fn jobs(page: &Value) -> Vec<String> {
    page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["job"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_job_has_its_record_with_what_was_learnt_at_its_end() {
    let door = Door::open().await;
    three(&door).await;
    let page = door.get("/v1/records").await;
    assert_eq!(jobs(&page.json()), ["a", "b", "c"]);
    assert!(!page.text.contains(NUMBER), "the number is shown");
    let first = page.json()["records"][0].clone();
    assert_eq!(
        (&first["verdict"], &first["to"], &first["client_ip"]),
        (&json!("verified"), &json!("+1********67"), &json!("192.0.2.7"))
    );
    // The figures of the line came with the end of the call, behind the result.
    assert_eq!(
        (&first["attempts"][0]["ended_ms"], &first["attempts"][0]["media"]["packets_received"]),
        (&json!(5000), &json!(4))
    );
    assert_eq!(page.json()["records"][2]["microsoft"], "CONFIG_ISSUE");
    assert_eq!(door.get("/v1/records/a").await.json(), first);
    door.get("/v1/records/nobody").await.assert_problem(404, "", "no job");
    for (query, found) in [
        ("user=ann", &["a"][..]),
        ("reason=no_answer", &["c"]),
        ("verdict=verified&limit=1", &["a"]),
        ("from=2026-11-22T00:00:00Z", &[]),
        ("to=2026-11-22T00:00:00Z", &["a", "b", "c"]),
        ("tenant=other", &[]),
    ] {
        assert_eq!(jobs(&door.get(&format!("/v1/records?{query}")).await.json()), found, "{query}");
    }
    let page = door.get("/v1/records?limit=2").await.json();
    let rest = door.get(&format!("/v1/records?after={}", page["next"].as_str().unwrap())).await.json();
    assert_eq!((jobs(&rest), &rest["next"]), (vec!["c".to_owned()], &Value::Null));
    for (query, field) in [
        ("from=yesterday", "from"),
        ("format=csv&after=x", "cursor"),
        ("format=xml", "format"),
        ("limit=0", "limit"),
        ("usr=a", "usr"),
    ] {
        door.get(&format!("/v1/records?{query}")).await.assert_problem(400, field, "");
    }
}

#[tokio::test]
async fn records_are_exported_as_csv_and_as_lines_of_json() {
    let door = Door::open().await;
    three(&door).await;
    let csv = door.get("/v1/records?format=csv").await;
    assert_eq!(csv.header("content-type"), "text/csv");
    let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
    let heading = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row].get(heading.iter().position(|column| column == name).unwrap()).unwrap()
    };
    assert_eq!(
        (rows.len(), cell(0, "job"), cell(0, "reason"), cell(2, "microsoft")),
        (3, "a", "key_pressed", "CONFIG_ISSUE")
    );
    assert_eq!((cell(0, "to"), cell(0, "trunk"), cell(0, "ended_ms")), ("+1********67", "lab", "5000"));
    assert_eq!(cell(1, "user"), "'=ann", "a spreadsheet would take the user for a formula");
    let lines = door.get("/v1/records?format=jsonl&user=bob").await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    assert_eq!(serde_json::from_str::<Value>(lines.text.trim()).unwrap()["job"], "c");
    assert!(!csv.text.contains(NUMBER) && !lines.text.contains(NUMBER));
}

/// Contract §6: full numbers are for `disclose` alone, and it is known who saw them.
#[tokio::test]
async fn the_full_number_is_told_to_disclose_alone_and_noted() {
    let door = Door::open().await;
    call(&door, "acme", "a", "ann").await;
    let reader = token(&door, "acme", &[Role::Read]).await;
    let spy = token(&door, "other", &Role::ALL).await;
    let officer = token(&door, "acme", &[Role::Read, Role::Disclose]).await;
    let path = "/v1/records/a?number=true";
    door.send_as(&reader, Method::GET, path, None).await.assert_problem(403, "Authorization", "disclose");
    door.send_as(&spy, Method::GET, path, None).await.assert_problem_of(404);
    let told = door.send_as(&officer, Method::GET, path, None).await.json();
    assert_eq!(told["number"], format!("+1{NUMBER}"));
    assert!(door.send_as(&officer, Method::GET, "/v1/records/a", None).await.json()["number"].is_null());
    let acts = door.store.audit(Scope::Tenant("acme".to_owned()), 10).await.unwrap();
    let disclosed: Vec<_> = acts.iter().filter(|act| act.action == "number_disclosed").collect();
    assert_eq!((disclosed.len(), disclosed[0].about.as_str()), (1, "of job a"));
    assert!(disclosed[0].actor.starts_with("token "), "{disclosed:?}");
    door.send_as(&officer, Method::GET, "/v1/audit", None).await.assert_problem_of(403);
    let ops = token(&door, "acme", &[Role::Read, Role::Operate]).await;
    let trail = door.send_as(&ops, Method::GET, "/v1/audit", None).await.json();
    assert!(trail["acts"].as_array().unwrap().iter().all(|act| act["tenant"] == "acme"), "{trail}");
}

#[tokio::test]
async fn a_user_is_erased_and_only_the_counts_stay() {
    let door = Door::open().await;
    three(&door).await;
    call(&door, "other", "d", "ann").await;
    door.send(Method::DELETE, "/v1/records", None).await.assert_problem(400, "user", "missing");
    let done = door.send(Method::DELETE, "/v1/records?user=ann", None).await.json();
    assert_eq!(done, json!({ "erased": 1 }));
    assert_eq!(jobs(&door.get("/v1/records").await.json()), ["b", "c"]);
    door.get("/v1/records/a?number=true").await.assert_problem(404, "", "no job");
    assert_eq!(jobs(&door.get("/v1/records?tenant=other").await.json()), ["d"], "another tenant's ann");
    let kept = door.get("/v1/results?consumer=c").await.json();
    assert_eq!(
        (&kept["results"][0]["result"]["user"], &kept["results"][0]["result"]["client_ip"]),
        (&Value::Null, &Value::Null)
    );
    let tallies = door.get("/v1/statistics?by=trunk").await.json();
    assert_eq!(
        tallies["tallies"][1],
        json!({ "of": "lab", "asked": 2, "rung": 2, "answered": 2, "verified": 2, "reasons": { "key_pressed": 2 } })
    );
    let acts = door.get("/v1/audit").await.json();
    assert_eq!(
        (&acts["acts"][0]["action"], &acts["acts"][0]["about"]),
        (&json!("user_erased"), &json!("1 records"))
    );
    assert!(!acts.to_string().contains("ann"), "the trail names who was erased");
}

#[tokio::test]
async fn jobs_are_counted_by_country_prefix_trunk_tenant_and_language() {
    let door = Door::open().await;
    three(&door).await;
    let by = async |by: &str| {
        door.get(&format!("/v1/statistics?by={by}&tenant=*")).await.json()["tallies"].clone()
    };
    let all = json!({ "asked": 3, "rung": 2, "answered": 2, "verified": 2, "reasons": { "key_pressed": 2, "no_answer": 1 } });
    for (kind, of) in [("country", "US"), ("prefix", "+1425"), ("tenant", "default"), ("language", "")] {
        let mut expected = all.clone();
        expected["of"] = json!(of);
        assert_eq!(by(kind).await, json!([expected]), "{kind}");
    }
    assert_eq!(by("trunk").await[0]["reasons"], json!({ "no_answer": 1 }), "not dialled, so by no trunk");
    door.get("/v1/statistics?by=weekday").await.assert_problem(400, "by", "country");
}

/// `[queue] records_days`, and a store that an older gateway made.
#[tokio::test]
async fn records_have_their_days_and_an_older_store_opens() {
    let door = Door::open().await;
    three(&door).await;
    let count = async || {
        let tallies = door.store.tally(RecordFilter::default(), TallyBy::Tenant).await.unwrap();
        tallies.iter().map(|tally| tally.asked).sum::<u64>()
    };
    let days = |days: u64| NOW.plus(Duration::from_secs(days * 86_400));
    door.store.prune(days(89)).await.unwrap();
    assert_eq!(count().await, 3);
    door.store.prune(days(91)).await.unwrap();
    assert_eq!(count().await, 0);
    assert_eq!(jobs(&door.get("/v1/records").await.json()), Vec::<String>::new());

    let (settings, _scratch) = settings(10);
    let open = || embedded::Embedded::open(&settings, [7; 32]).map(Store::Embedded);
    drop(open().unwrap());
    let db = rusqlite::Connection::open(settings.directory.join("store.sqlite")).unwrap();
    let older =
        "DROP TABLE records; DROP TABLE bodies; DROP TABLE events; DROP TABLE tokens; DROP TABLE audit;
                 ALTER TABLE jobs DROP COLUMN dialled_at; PRAGMA user_version = 2;";
    db.execute_batch(older).unwrap();
    drop(db);
    let store = open().unwrap();
    assert_eq!(store.tally(RecordFilter::default(), TallyBy::Tenant).await.unwrap(), []);
}
