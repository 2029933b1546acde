//! A stand-in for the X-Ray daemon, and the traces that it was told of.

use std::net::UdpSocket;

use serde_json::{Value, json};

/// Takes documents by UDP, as the one that Lambda runs.
pub struct Daemon {
    socket: UdpSocket,
    /// What `AWS_XRAY_DAEMON_ADDRESS` should be.
    pub address: String,
}

impl Daemon {
    /// Begins to listen.
    pub fn listen() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        Self { socket, address }
    }

    /// The documents since the last time. What a process on this machine has sent is there.
    ///
    /// # Panics
    /// If something else was sent.
    pub fn documents(&self) -> Vec<Value> {
        let mut packet = vec![0; 64_000];
        let mut documents = Vec::new();
        while let Ok(length) = self.socket.recv(&mut packet) {
            let packet = std::str::from_utf8(&packet[..length]).unwrap();
            let document = packet.strip_prefix("{\"format\":\"json\",\"version\":1}\n");
            documents.push(serde_json::from_str(document.expect("the first line")).unwrap());
        }
        documents
    }
}

/// The segment of somebody who uploads a photo in this trace.
pub fn uploader(trace: &str, id: &str, start: f64, end: f64) -> Value {
    json!({ "name": "uploader", "id": id, "trace_id": trace, "start_time": start, "end_time": end })
}

/// The documents in each other, as they belong together: each has its children as its `subsegments`, in the order in which
/// they began.
pub fn tree(documents: &[Value]) -> Vec<Value> {
    let is_there = |id: &Value| documents.iter().any(|document| document["id"] == *id);
    let roots = documents.iter().filter(|document| !is_there(&document["parent_id"]));
    in_order(roots.map(|root| with_children(root, documents)).collect())
}

fn with_children(document: &Value, documents: &[Value]) -> Value {
    let children = documents.iter().filter(|child| child["parent_id"] == document["id"]);
    let children = in_order(children.map(|child| with_children(child, documents)).collect());
    let mut whole = document.clone();
    if !children.is_empty() {
        whole["subsegments"] = children.into();
    }
    whole
}

fn in_order(mut documents: Vec<Value>) -> Vec<Value> {
    documents.sort_by(|a, b| {
        a["start_time"]
            .as_f64()
            .unwrap()
            .total_cmp(&b["start_time"].as_f64().unwrap())
    });
    documents
}

/// The names in a tree, each with those below it: `face-blur(record(fetch publish))`. Calls to AWS by their operation.
pub fn names(tree: &[Value]) -> String {
    let of_one = |document: &Value| {
        let name = document["aws"]["operation"]
            .as_str()
            .or(document["name"].as_str())
            .unwrap();
        match document["subsegments"].as_array() {
            Some(children) => format!("{name}({})", names(children)),
            None => name.to_owned(),
        }
    };
    tree.iter().map(of_one).collect::<Vec<_>>().join(" ")
}
