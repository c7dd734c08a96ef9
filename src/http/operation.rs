//! One operation of the front door: what serves it and what the document says of it, in one place.

use axum::Router;
use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::Front;
use crate::access::Role;

/// What a request has to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it tells nothing about anybody.
    Nothing,
    /// A token with this role, where there are tokens.
    Role(Role),
    /// The same, with tenant `*`.
    RoleForAll(Role),
}

/// What an answer holds.
enum Content {
    Empty,
    Json(fn(&mut SchemaGenerator) -> Schema),
    Text(&'static str),
}

/// A method on a path.
pub(super) struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    needs: Needs,
    handler: MethodRouter<Front>,
    query: Option<fn(&mut SchemaGenerator) -> Schema>,
    header: Option<(&'static str, &'static str)>,
    body: Option<fn(&mut SchemaGenerator) -> Schema>,
    answers: Vec<(u16, &'static str, Content)>,
    refusals: Vec<(u16, &'static str)>,
}

impl Operation {
    pub(super) fn new(
        method: &'static str,
        path: &'static str,
        needs: Needs,
        summary: &'static str,
        handler: MethodRouter<Front>,
    ) -> Operation {
        let (query, header, body) = (None, None, None);
        let (answers, refusals) = (Vec::new(), Vec::new());
        Operation { method, path, summary, needs, handler, query, header, body, answers, refusals }
    }

    /// The query's parameters: the members of the very type that is read.
    pub(super) fn query<Q: JsonSchema>(mut self) -> Operation {
        self.query = Some(Q::json_schema);
        self
    }

    /// An optional header.
    pub(super) fn header(mut self, name: &'static str, meaning: &'static str) -> Operation {
        self.header = Some((name, meaning));
        self
    }

    /// The body: the very type that is read.
    pub(super) fn body<B: JsonSchema>(mut self) -> Operation {
        self.body = Some(|generator| generator.subschema_for::<B>());
        self
    }

    /// An answer of JSON: the very type that is written.
    pub(super) fn answers<A: JsonSchema>(mut self, status: u16, meaning: &'static str) -> Operation {
        let schema: fn(&mut SchemaGenerator) -> Schema = |generator| generator.subschema_for::<A>();
        self.answers.push((status, meaning, Content::Json(schema)));
        self
    }

    /// An answer without a body.
    pub(super) fn answers_nothing(mut self, status: u16, meaning: &'static str) -> Operation {
        self.answers.push((status, meaning, Content::Empty));
        self
    }

    /// An answer of another media type.
    pub(super) fn answers_text(mut self, media_type: &'static str, meaning: &'static str) -> Operation {
        self.answers.push((200, meaning, Content::Text(media_type)));
        self
    }

    /// A refusal of its own, beside those that its parts bring.
    pub(super) fn refuses(mut self, status: u16, meaning: &'static str) -> Operation {
        self.refusals.push((status, meaning));
        self
    }

    /// Adds it to the routes; methods of one path come together there.
    pub(super) fn route(self, router: Router<Front>) -> Router<Front> {
        router.route(self.path, self.handler)
    }

    /// Adds it to the paths of the document.
    pub(super) fn describe(&self, paths: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
        let mut told = json!({ "summary": self.summary, "operationId": self.id() });
        told["parameters"] = Value::Array(self.parameters(generator));
        told["responses"] = Value::Object(self.responses(generator));
        if let Some(body) = self.body {
            let schema: Value = body(generator).into();
            told["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        told["security"] = match self.needs {
            Needs::Nothing => json!([]),
            Needs::Role(_) | Needs::RoleForAll(_) => json!([{ "token": [] }]),
        };
        told["description"] = Value::from(self.wanted());
        paths.entry(self.path).or_insert_with(|| json!({}))[self.method] = told;
    }

    /// What it needs, in words.
    fn wanted(&self) -> String {
        match self.needs {
            Needs::Nothing => "Needs no token.".to_owned(),
            Needs::Role(role) => format!("Needs the role `{}`.", role.name()),
            Needs::RoleForAll(role) => format!("Needs the role `{}` and tenant `*`.", role.name()),
        }
    }

    fn id(&self) -> String {
        let words = self.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        std::iter::once(self.method).chain(words).collect::<Vec<_>>().join("_")
    }

    fn parameters(&self, generator: &mut SchemaGenerator) -> Vec<Value> {
        let names = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } });
        let mut parameters: Vec<Value> = names.map(in_path).collect();
        if let Some(query) = self.query {
            parameters.extend(in_query(query(generator).into()));
        }
        parameters.extend(self.header.map(|(name, meaning)| {
            json!({ "name": name, "in": "header", "description": meaning, "schema": { "type": "string" } })
        }));
        parameters
    }

    fn responses(&self, generator: &mut SchemaGenerator) -> Map<String, Value> {
        let problem = json!({ "$ref": "#/components/schemas/Problem" });
        let mut all = Map::new();
        for (status, meaning) in self.refused() {
            let content = json!({ "application/problem+json": { "schema": problem } });
            all.insert(status.to_string(), json!({ "description": meaning, "content": content }));
        }
        for (status, meaning, content) in &self.answers {
            // One status may come in several media types.
            let told = all.entry(status.to_string()).or_insert_with(|| json!({}));
            told["description"] = Value::from(*meaning);
            match content {
                Content::Empty => {}
                Content::Json(schema) => {
                    let schema: Value = schema(generator).into();
                    told["content"]["application/json"] = json!({ "schema": schema });
                }
                Content::Text(media_type) => {
                    told["content"][*media_type] = json!({ "schema": { "type": "string" } });
                }
            }
        }
        all
    }

    /// Every refusal: what the parts of the request bring, and its own.
    fn refused(&self) -> Vec<(u16, &'static str)> {
        let mut all = Vec::new();
        if self.query.is_some() || self.body.is_some() || self.header.is_some() {
            all.push((400, "malformed, with the field and the remedy"));
        }
        if self.needs != Needs::Nothing {
            all.push((401, "no good token, and tokens are asked for"));
            all.push((403, "the token does not allow it"));
            all.push((404, "no such thing, or another tenant's"));
        }
        if self.body.is_some() {
            all.push((408, "the request took too long"));
            all.push((413, "the body is too long"));
            all.push((415, "not application/json"));
        }
        all.push((421, "without tokens: a Host that is not loopback"));
        all.push((503, "closing or full, see Retry-After"));
        all.extend(&self.refusals);
        all
    }
}

/// The members of a query's type as parameters. A member that may be null may be left out.
fn in_query(mut schema: Value) -> Vec<Value> {
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    let Value::Object(properties) = schema["properties"].take() else { return Vec::new() };
    let parameter = |(name, mut schema): (String, Value)| {
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let is_required = required.contains(&Value::from(name.as_str()));
        without_null(&mut schema);
        json!({ "name": name, "in": "query", "required": is_required, "description": description.unwrap_or_default(), "schema": schema })
    };
    properties.into_iter().map(parameter).collect()
}

fn without_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    members.remove("default");
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(kinds)) = members.get_mut("anyOf") {
        kinds.retain(|one| one["type"] != "null");
    }
}
