//! Contract §6: bearer tokens with a tenant and roles; 401, 403 and 404 as it has them.

use octothorpe::access::{Actor, NewToken, Role, Roles, Scope, TokenOrder};
use octothorpe::job::UnixMs;
use octothorpe::queue::TokenStore;
use octothorpe::reason::Reason;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::front::Door;
use super::order;

/// A token as the command line makes it; its text.
pub(crate) async fn token(door: &Door, tenant: &str, roles: &[Role]) -> String {
    let new = NewToken::make(rand::random());
    let text = new.expose().to_owned();
    let order = TokenOrder {
        name: "test".to_owned(),
        tenant: Scope::from(tenant.to_owned()),
        roles: Roles::from(roles.to_vec()),
    };
    door.store.create_token(new, order, Actor::Local, UnixMs(1)).await.unwrap();
    text
}

#[tokio::test]
async fn as_soon_as_there_is_a_token_every_call_needs_one() {
    let door = Door::open().await;
    assert_eq!(door.get("/v1/calls").await.status, StatusCode::OK);
    // A client that proves itself must not believe that it was looked at.
    let early = door.send_as("oct_0", Method::GET, "/v1/calls", None).await;
    early.assert_problem(401, "Authorization", "no token was made");
    let good = token(&door, "default", &[Role::Read]).await;
    for path in
        ["/v1/calls", "/v1/calls/a", "/v1/results?consumer=c", "/v1/trunks", "/metrics", "/v1/tokens", "/v2"]
    {
        let refused = door.get(path).await;
        refused.assert_problem(401, "Authorization", "token");
        assert!(refused.header("www-authenticate").starts_with("Bearer "), "{refused:?}");
        let mut other = good.clone();
        other.replace_range(20..21, if &good[20..21] == "A" { "B" } else { "A" });
        for wrong in [other.as_str(), "secret", &good[1..]] {
            let refused = door.send_as(wrong, Method::GET, path, None).await;
            refused.assert_problem(401, "Authorization", "not one of this gateway");
        }
    }
    door.post("/v1/calls", order("a")).await.assert_problem(401, "Authorization", "token");
    assert_eq!(door.send_as(&good, Method::GET, "/v1/calls", None).await.status, StatusCode::OK);
    for path in ["/healthz", "/readyz", "/v1/openapi.json"] {
        for token in ["", "oct_0", "secret"] {
            let asked = door.send_as(token, Method::GET, path, None).await;
            assert_eq!(asked.status, StatusCode::OK, "{path} is for whoever asks");
        }
    }
    for header in
        [format!("Basic {good}"), good.clone(), format!("Bearer {good}\r\nAuthorization: Bearer {good}")]
    {
        let told = door
            .raw(&format!("GET /v1/calls HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}\r\nConnection: close\r\n\r\n"))
            .await;
        assert!(told.starts_with("HTTP/1.1 401 "), "{told}");
    }
    // With tokens the name by which the door is reached does not matter any more.
    let named = format!(
        "GET /v1/calls HTTP/1.1\r\nHost: gateway.example.net\r\nAuthorization: bearer {good}\r\nConnection: close\r\n\r\n"
    );
    assert!(door.raw(&named).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn another_tenants_things_are_404_and_handing_in_for_it_403() {
    let door = Door::open().await;
    let acme = token(&door, "acme", &[Role::Submit, Role::Read]).await;
    let other = token(&door, "other", &Role::ALL).await;
    let all = token(&door, "*", &[Role::Submit, Role::Read]).await;
    let sent = door.send_as(&acme, Method::POST, "/v1/calls", Some(&order("a"))).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "the token's tenant is the job's");
    assert_eq!(sent.header("location"), "/v1/calls/a?tenant=acme");
    for path in ["/v1/calls/a", "/v1/calls/a?tenant=acme"] {
        assert_eq!(door.send_as(&acme, Method::GET, path, None).await.status, StatusCode::OK);
        door.send_as(&other, Method::GET, path, None).await.assert_problem_of(404);
        door.send_as(&other, Method::DELETE, path, None).await.assert_problem_of(404);
    }
    for path in ["/v1/calls?tenant=acme", "/v1/results?consumer=c&tenant=acme", "/v1/calls?tenant=*"] {
        door.send_as(&other, Method::GET, path, None).await.assert_problem(404, "tenant", "tenant");
    }
    let ack = json!({ "consumer": "c", "cursor": "e1" });
    let refused = door.send_as(&other, Method::POST, "/v1/results/ack?tenant=acme", Some(&ack)).await;
    refused.assert_problem(404, "tenant", "");
    let mut foreign = order("b");
    foreign["tenant"] = json!("acme");
    let refused = door.send_as(&other, Method::POST, "/v1/calls", Some(&foreign)).await;
    refused.assert_problem(403, "tenant", "another tenant");
    let refused = door.send_as(&other, Method::POST, "/v1/calls?tenant=acme", Some(&order("b"))).await;
    refused.assert_problem(403, "tenant", "another tenant");
    assert_eq!(
        door.send_as(&all, Method::POST, "/v1/calls", Some(&foreign)).await.status,
        StatusCode::ACCEPTED
    );
    let listed = door.send_as(&all, Method::GET, "/v1/calls?tenant=*", None).await.json();
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(door.send_as(&other, Method::GET, "/v1/calls", None).await.json()["jobs"], json!([]));
    door.finish_one(Reason::KeyPressed).await;
    let none = door.send_as(&other, Method::GET, "/v1/results?consumer=c", None).await.json();
    assert_eq!(none, json!({ "results": [] }));
    let own = door.send_as(&acme, Method::GET, "/v1/results?consumer=c", None).await.json();
    assert_eq!(own["results"][0]["result"]["tenant"], "acme");
}

#[tokio::test]
async fn each_call_needs_its_role() {
    let door = Door::open().await;
    let [submit, read] = [Role::Submit, Role::Read].map(|role| [role]);
    let [submit, read] = [token(&door, "acme", &submit).await, token(&door, "acme", &read).await];
    let operate = token(&door, "acme", &[Role::Operate, Role::Read]).await;
    assert_eq!(
        door.send_as(&submit, Method::POST, "/v1/calls", Some(&order("a"))).await.status,
        StatusCode::ACCEPTED
    );
    door.send_as(&read, Method::POST, "/v1/calls", Some(&order("b"))).await.assert_problem(
        403,
        "Authorization",
        "submit",
    );
    door.send_as(&read, Method::DELETE, "/v1/calls/a", None).await.assert_problem(
        403,
        "Authorization",
        "submit",
    );
    for path in ["/v1/calls", "/v1/calls/a", "/v1/results?consumer=c"] {
        door.send_as(&submit, Method::GET, path, None).await.assert_problem(403, "Authorization", "read");
        assert_eq!(door.send_as(&read, Method::GET, path, None).await.status, StatusCode::OK);
    }
    // What is the gateway's as a whole is for tenant `*`.
    for path in ["/v1/trunks", "/metrics", "/v1/tokens"] {
        door.send_as(&operate, Method::GET, path, None).await.assert_problem(
            403,
            "Authorization",
            "tenant `*`",
        );
    }
    let all = token(&door, "*", &[Role::Read]).await;
    for path in ["/v1/trunks", "/metrics"] {
        assert_eq!(door.send_as(&all, Method::GET, path, None).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked_by_the_door() {
    let door = Door::open().await;
    let order =
        |name: &str, tenant: &str, roles: Value| json!({ "name": name, "tenant": tenant, "roles": roles });
    for (body, field) in [
        (order("", "*", json!(["read"])), "name"),
        (order("a", "a b", json!(["read"])), "tenant"),
        (order("a", "*", json!([])), "roles"),
        (order("a", "*", json!(["root"])), "root"),
        (json!({ "name": "a", "tenant": "*" }), "roles"),
    ] {
        door.post("/v1/tokens", body).await.assert_problem(400, field, "");
    }
    let first = door.post("/v1/tokens", order("ops", "*", json!(["operate", "read"]))).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let ops = first.json()["token"].as_str().unwrap().to_owned();
    let made = door
        .send_as(&ops, Method::POST, "/v1/tokens", Some(&order("core", "acme", json!(["read"]))))
        .await
        .json();
    let core = made["token"].as_str().unwrap();
    // No token makes a stronger one.
    let stronger = order("spy", "acme", json!(["disclose"]));
    door.send_as(&ops, Method::POST, "/v1/tokens", Some(&stronger)).await.assert_problem(
        403,
        "roles",
        "more than itself",
    );
    let listed = door.send_as(&ops, Method::GET, "/v1/tokens", None).await;
    assert_eq!(listed.json()["tokens"].as_array().unwrap().len(), 2);
    assert!(!listed.text.contains(&core[17..]), "a list shows a token");
    assert_eq!(door.send_as(core, Method::GET, "/v1/calls", None).await.status, StatusCode::OK);
    let path = format!("/v1/tokens/{}", made["id"].as_str().unwrap());
    let revoked = door.send_as(&ops, Method::DELETE, &path, None).await.json();
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    door.send_as(core, Method::GET, "/v1/calls", None).await.assert_problem(
        401,
        "Authorization",
        "not any more",
    );
    door.send_as(&ops, Method::DELETE, "/v1/tokens/0", None).await.assert_problem(404, "", "no token");
    // The last token's end does not open the door.
    let path = format!("/v1/tokens/{}", first.json()["id"].as_str().unwrap());
    assert_eq!(door.send_as(&ops, Method::DELETE, &path, None).await.status, StatusCode::OK);
    door.get("/v1/calls").await.assert_problem(401, "Authorization", "needed");
}

/// What changes the gateway as a whole needs `operate` of tenant `*`; what is wrong in the files is told.
#[tokio::test]
async fn a_reload_is_for_who_operates_the_gateway_and_tells_what_is_wrong() {
    let door = Door::open().await;
    let told = door.post("/v1/reload", json!({})).await;
    told.assert_problem(422, "policy.toml:3", "`countries` is 1");
    let acme = token(&door, "acme", &Role::ALL).await;
    let reader = token(&door, "*", &[Role::Read]).await;
    for weak in [acme, reader] {
        door.send_as(&weak, Method::POST, "/v1/reload", Some(&json!({}))).await.assert_problem_of(403);
    }
    let ops = token(&door, "*", &[Role::Operate]).await;
    door.send_as(&ops, Method::POST, "/v1/reload", Some(&json!({}))).await.assert_problem_of(422);
}

/// A block for everybody is for tenant `*`; a tenant's own operator blocks for its own jobs.
#[tokio::test]
async fn a_tenants_operator_blocks_for_its_own_jobs_alone() {
    let door = Door::open().await;
    let acme = token(&door, "acme", &[Role::Operate, Role::Read]).await;
    let block = json!({ "kind": "user", "value": "mallory", "reason": "asked for it" });
    let made = door.send_as(&acme, Method::POST, "/v1/blocks", Some(&block)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.json()["tenant"], "acme");
    assert!(made.json()["actor"].as_str().unwrap().starts_with("token "), "{made:?}");
    let all = door.send_as(&acme, Method::POST, "/v1/blocks?tenant=*", Some(&block)).await;
    all.assert_problem(403, "Authorization", "tenant `*`");
    door.send_as(&acme, Method::GET, "/v1/blocks?tenant=other", None).await.assert_problem_of(404);
    door.send_as(&acme, Method::POST, "/v1/blocks?tenant=other", Some(&block)).await.assert_problem_of(404);
    let reader = token(&door, "acme", &[Role::Read]).await;
    door.send_as(&reader, Method::POST, "/v1/blocks", Some(&block)).await.assert_problem_of(403);
    assert_eq!(door.send_as(&reader, Method::GET, "/v1/blocks", None).await.status, StatusCode::OK);
}
