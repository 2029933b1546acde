//! A stand-in for Amazon Rekognition's DetectFaces: answers in the documented shape, with whatever
//! a test wants it to say.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};

/// A running stand-in.
pub struct Rekognition {
    /// Its address, for `AWS_ENDPOINT_URL_REKOGNITION` or a client's endpoint.
    pub url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

/// What the stand-in answers: an HTTP status and a JSON body.
pub type Answer = (u16, Value);

/// An answer with faces in these boxes (left, top, width, height).
pub fn faces(boxes: &[[f32; 4]]) -> Answer {
    let face = |&[left, top, width, height]: &[f32; 4]| {
        json!({
            "BoundingBox": { "Left": left, "Top": top, "Width": width, "Height": height },
            "Confidence": 99.5,
            "Landmarks": [],
            "Pose": { "Roll": 0.0, "Yaw": 0.0, "Pitch": 0.0 },
            "Quality": { "Brightness": 80.0, "Sharpness": 90.0 },
        })
    };
    let details: Vec<Value> = boxes.iter().map(face).collect();
    (200, json!({ "FaceDetails": details }))
}

/// An error as the service writes it.
pub fn error(status: u16, code: &str) -> Answer {
    (status, json!({ "__type": code, "Message": "said the stand-in" }))
}

impl Rekognition {
    /// Starts one that answers each request as the function says.
    pub async fn start(answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        let handler = move |body: Bytes| {
            let request: Value = serde_json::from_slice(&body).unwrap();
            let (status, body) = answer(&request);
            log.lock().unwrap().push(request);
            async move { (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response() }
        };
        let url = serve(Router::new().route("/", post(handler))).await;
        Self { url, requests }
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves a router on a free port of this machine, until the test's runtime ends.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = router.layer(DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}
