//! Wires the function up: settings, clients, loop.

use bid_settle::config::Config;
use bid_settle::{Deps, describe, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::telemetry::Telemetry;
use gatehouse_core::{aws, function};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::init("bid_settle")?;
    describe();
    let deps = deps().await.inspect_err(|error| {
        tracing::error!(reason = "not-started", "{error}");
    })?;
    let log = deps.log.clone();
    function::warm_up(async move { log.warm_up().await });

    function::run(telemetry, |event| handle(&deps, event)).await
}

async fn deps() -> Result<Deps, Error> {
    let config = Config::read(Environment::of_process())?;
    Ok(Deps::new(config, &aws::config()))
}
