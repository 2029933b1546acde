//! Under which key something is posted, so that it happens once however often it is sent.

use crate::failure::Failure;

/// The option that names a key, and what it is otherwise.
#[derive(Debug, clap::Args)]
pub struct IdempotencyKey {
    /// Send it under this Idempotency-Key [default: a random one]
    #[arg(long, value_name = "KEY", value_parser = checked)]
    idempotency_key: Option<String>,
}

impl IdempotencyKey {
    /// The key that was given, or one of this run's own: what was done under a key is not done again, although it may
    /// have been undone since. It is said on standard error, to be given when the very same is sent again.
    ///
    /// [`Failure::Random`] if the system gives no random numbers.
    pub fn or_random(&self) -> Result<String, Failure> {
        let key = match &self.idempotency_key {
            Some(key) => key.clone(),
            None => format!("{:016x}{:016x}", getrandom::u64()?, getrandom::u64()?),
        };
        eprintln!("gatehouse: Idempotency-Key {key}");
        Ok(key)
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
