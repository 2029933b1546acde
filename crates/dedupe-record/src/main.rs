//! Wires the function up: settings, clients, loop.

use dedupe_record::config::Config;
use dedupe_record::{Deps, describe, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::telemetry::Telemetry;
use gatehouse_core::{aws, function};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::init("dedupe_record")?;
    describe();
    let deps = deps().await.inspect_err(|error| {
        tracing::error!(reason = "not-started", "{error}");
    })?;
    let ledger = deps.ledger.clone();
    function::warm_up(async move { ledger.warm_up().await });

    function::run(telemetry, |event| handle(&deps, event)).await
}

async fn deps() -> Result<Deps, Error> {
    let config = Config::read(Environment::of_process())?;
    Ok(Deps::new(config, &aws::config()))
}
