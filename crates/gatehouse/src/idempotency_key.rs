//! Under which key something is posted, so that it happens once however often it is sent.

/// The option that names a key, and what it is otherwise.
#[derive(Debug, clap::Args)]
pub struct IdempotencyKey {
    /// Send it under this Idempotency-Key [default: for a bid made of its envelope, else a random one]
    #[arg(long, value_name = "KEY", value_parser = checked)]
    idempotency_key: Option<String>,
}

impl IdempotencyKey {
    /// The key that was given, or this one. It is said on standard error, to be given when all is sent again.
    pub fn or_say(&self, made: impl FnOnce() -> String) -> String {
        let key = self.idempotency_key.clone().unwrap_or_else(made);
        eprintln!("gatehouse: Idempotency-Key {key}");
        key
    }
}

/// What the API takes: 1 to 255 visible characters of ASCII, no quotes.
fn checked(key: &str) -> Result<String, &'static str> {
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if visible && (1..=255).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err("a key has 1 to 255 visible ASCII characters, and no quotes")
    }
}
