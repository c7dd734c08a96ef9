//! The JSON Schemas that outsiders rely on are those kept beside this test: a drift shows here.
//! `UPDATE_SCHEMAS=1` writes them anew.

use octothorpe::job::Written;
use octothorpe::report::record::JobResult;

fn kept(name: &str, schema: schemars::Schema) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name);
    let generated = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &generated).expect("the checkout can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the schema is kept");
    assert_eq!(kept, generated, "{name} drifts from the code; see the head of tests/schemas.rs");
}

/// Contract, first paragraph: "JSON Schemas of the job and the result are generated from the code
/// and kept under `tests/`, so that a drift shows."
#[test]
fn the_schema_of_the_job_is_the_kept_one() {
    kept("job.json", schemars::schema_for!(Written));
}

#[test]
fn the_schema_of_the_result_is_the_kept_one() {
    kept("result.json", schemars::schema_for!(JobResult));
}
