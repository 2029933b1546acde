//! What API Gateway hands to the function: an HTTP API's proxy event, payload format 2.0.
//!
//! Only what is used of it, and headers as text: a request whose header has bytes that are no ASCII is
//! still a request that gets an answer of ours, not a failed invocation.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// One HTTP request.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpEvent {
    /// Method and path of the route that took the request, such as `GET /auctions/{auctionId}`.
    pub route_key: String,
    /// Header names are in lower case; a repeated header's values are joined by commas.
    pub headers: HashMap<String, String>,
    /// The values of the route's `{...}`.
    pub path_parameters: Option<HashMap<String, String>>,
    /// Decoded; a repeated parameter's values are joined by commas.
    pub query_string_parameters: Option<HashMap<String, String>>,
    /// What API Gateway knows of the request.
    pub request_context: RequestContext,
    /// As text, or as base64 if `is_base64_encoded`. None if the request has none.
    pub body: Option<String>,
    /// Whether `body` is base64: so for all but a few content types.
    pub is_base64_encoded: bool,
}

/// What API Gateway knows of a request.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestContext {
    /// The request's id, which the access log has, too.
    pub request_id: String,
    /// Present where the route has an authorizer.
    pub authorizer: Option<Authorizer>,
}

/// What the authorizer found out.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Authorizer {
    /// Of a JWT authorizer.
    pub jwt: Option<Jwt>,
}

/// A token whose signature, issuer, audience and times API Gateway has checked.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Jwt {
    /// Its claims. API Gateway makes text of each: a list becomes `[a b]`.
    pub claims: HashMap<String, Value>,
}
